"""How the assistant speaks, as the owner has it in assistant.toml; without a file, as it always does."""

import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ConfigError
from worker.dialogue import templates
from worker.domain.assistant_port import Brief

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_KNOWN = frozenset({"name", "company", "request"})
# A stranger's words are quoted in our name: none of them is to be followed.
_FOLLOWED = re.compile(r"://|www\.|@|\bt\.me\b|…", re.IGNORECASE)
_LONGEST_REQUEST = 120

Text = Annotated[str, Field(max_length=4_000)]


def _known_placeholders(template: str) -> str:
    for name in _PLACEHOLDER.findall(template):
        if name not in _KNOWN:
            raise ValueError(f"knows no {{{name}}}: only {{name}}, {{company}} and {{request}}")
    return template


class Persona(BaseModel):
    """Every key may be left out."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(max_length=100)] = ""
    tone: Text = ""
    signature: Annotated[str, Field(max_length=300)] = ""
    forbidden_topics: list[Text] = []
    instructions: Text = ""
    greeting: Annotated[str, Field(max_length=2_000), AfterValidator(_known_placeholders)] = ""

    def rules(self) -> str:
        """What of it the model is told; nothing if there is nothing to tell."""
        lines = [f"Тебя зовут {self.name}: так и представляйся."] if self.name else []
        lines += [f"Тон: {self.tone}"] if self.tone else []
        if self.forbidden_topics:
            topics = "; ".join(self.forbidden_topics)
            lines.append(f"Не обсуждай: {topics}. Спросят об этом — скажи, что передашь вопрос коллеге.")
        lines += [self.instructions.strip()] if self.instructions.strip() else []
        if not lines:
            return ""
        head = "# Указания владельца компании\n\nО тоне, имени и темах они важнее правил выше.\n"
        return "\n".join([head, *(f"- {line}" for line in lines)])

    def plain_greeting(self, brief: Brief, company: str) -> str:
        """A first message without the model, by the owner's template if there is one."""
        if not self.greeting:
            return templates.greeting(brief, company)
        request = " ".join(" ".join(brief.request.values()).split())
        if len(request) > _LONGEST_REQUEST or _FOLLOWED.search(request):
            request = ""
        values = {"name": brief.name, "company": company, "request": request}
        return _PLACEHOLDER.sub(lambda found: values[found[1]], _without_gaps(self.greeting, values)).strip()

    def signed(self, text: str) -> str:
        """A first message with the signature, if there is one."""
        return f"{text}\n\n{self.signature}" if self.signature else text


def load(path: Path | None) -> Persona:
    """The manner in a file, or the usual one. Raises ConfigError with one line that says what is wrong."""
    if path is None:
        return Persona()
    try:
        return Persona.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"ASSISTANT_CONFIG: {path}: is not TOML: {error}") from None
    except ValidationError as invalid:
        faults = [
            f"{'.'.join(map(str, error['loc']))}: {_fault(error['type'], error['msg'])}"
            for error in invalid.errors(include_url=False, include_input=False)
        ]
        raise ConfigError(f"ASSISTANT_CONFIG: {path}: {'; '.join(faults)}") from None


def _fault(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"there is no such key (known are {', '.join(Persona.model_fields)})"
    return message.removeprefix("Value error, ")


def _without_gaps(template: str, values: dict[str, str]) -> str:
    """Without a name nobody is addressed, and without a request nothing is said of it."""
    if not values["name"]:
        template = re.sub(r"[,\s]*\{name\}", "", template)
    if not values["request"]:
        template = re.sub(r"[^.!?\n]*\{request\}[^.!?\n]*[.!?…]*", "", template)
    return template
