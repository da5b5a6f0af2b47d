"""The assistant's persona (name, tone, signature, rules), read from the owner's assistant.toml."""

import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.errors import ConfigError
from shared.files import read_text
from shared.localized_messages import cause_of, joined, sentence
from worker.dialogue import templates
from worker.domain.assistant_port import Brief
from worker.domain.config.follow_up_config import FollowUpConfig

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_KNOWN_PLACEHOLDERS = frozenset({"name", "company", "request"})
# The greeting quotes a form that anyone may have filled in, so the quote must hold no link or @name.
_LINK_OR_HANDLE = re.compile(r"://|www\.|@|\bt\.me\b|…", re.IGNORECASE)
_MAX_REQUEST_LENGTH = 120

Text = Annotated[str, Field(max_length=4_000)]


def _known_placeholders(template: str) -> str:
    for name in _PLACEHOLDER.findall(template):
        if name not in _KNOWN_PLACEHOLDERS:
            raise ValueError(f"unknown placeholder {{{name}}}: use {{name}}, {{company}} and {{request}}")
    return template


class Persona(BaseModel):
    """The keys of assistant.toml; all are optional."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: Annotated[str, Field(max_length=100)] = ""
    tone: Text = ""
    signature: Annotated[str, Field(max_length=300)] = ""
    forbidden_topics: list[Text] = []
    instructions: Text = ""
    greeting: Annotated[str, Field(max_length=2_000), AfterValidator(_known_placeholders)] = ""
    follow_ups: FollowUpConfig = FollowUpConfig()

    def render_rules(self) -> str:
        """Return the persona as rules for the prompt; empty if no rule is set."""
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

    def render_greeting(self, brief: Brief, company: str) -> str:
        """Return a first message without the model, from the owner's template if there is one."""
        if not self.greeting:
            return templates.greeting(brief, company)
        request = " ".join(" ".join(brief.request.values()).split())
        if len(request) > _MAX_REQUEST_LENGTH or _LINK_OR_HANDLE.search(request):
            request = ""
        values = {"name": brief.name, "company": company, "request": request}
        return _PLACEHOLDER.sub(
            lambda found: values[found[1]], _drop_empty_placeholders(self.greeting, values)
        ).strip()

    def add_signature(self, text: str) -> str:
        """Return a first message with the signature, if one is set."""
        return f"{text}\n\n{self.signature}" if self.signature else text


def load(path: Path | None) -> Persona:
    """Return the persona of a file, or the default one without a path.

    Raises ConfigError, with one line that names the fault, if the file is not valid.
    """
    if path is None:
        return Persona()
    try:
        return Persona.model_validate(tomllib.loads(read_text(path)))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            sentence("ASSISTANT_CONFIG: {path}: is not TOML: {why}", path=str(path), why=str(error))
        ) from None
    except ValidationError as invalid:
        errors = [
            f"{'.'.join(map(str, error['loc']))}: {_describe_error(error['type'], error['msg'])}"
            for error in invalid.errors(include_url=False, include_input=False)
        ]
        raise ConfigError(f"ASSISTANT_CONFIG: {path}: {'; '.join(errors)}") from None
    except ValueError as error:
        raise ConfigError(joined(" ", [f"ASSISTANT_CONFIG: {path}", cause_of(error)])) from None


def _describe_error(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return f"unknown key (the keys are {', '.join(Persona.model_fields)})"
    return message.removeprefix("Value error, ")


def _drop_empty_placeholders(template: str, values: dict[str, str]) -> str:
    """Remove `{name}` with its comma, and the sentence of `{request}`, if they have no value."""
    if not values["name"]:
        template = re.sub(r"(?<![,\s])[,\s]*\{name\}", "", template)
    if not values["request"]:
        template = re.sub(r"(?<![^.!?\n])[^.!?\n]*\{request\}[^.!?\n]*[.!?…]*", "", template)
    return template
