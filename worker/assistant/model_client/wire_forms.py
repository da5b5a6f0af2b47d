"""The forms in which a request can be written, and which one to try next after a server refused one. Pure."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal, get_args
from urllib.parse import urlsplit

Api = Literal["responses", "chat"]
# `schema`: a strict JSON schema. `json_object`: any JSON. `text`: nothing is asked of the server.
# Without a strict schema, the prompt contains the schema.
Output = Literal["schema", "json_object", "text"]
Limit = Literal["max_completion_tokens", "max_tokens"]

_OUTPUTS: tuple[Output, ...] = ("schema", "json_object", "text")
_OUTPUT_WORDS = (
    "response_format",
    "response format",
    "schema",
    "text.format",
    "json",
    "structured",
    "grammar",
)
# Any word of these in a refusal that was about the form: see error_words.ROLES.
_ROLE_WORDS = ("role", "system", "developer", "alternat", "successive", "consecutive")
_NO_ADDRESS = ("not found", "invalid url", "method not allowed", "unknown url", "cannot post", "no route")
_OPENAI = "api.openai.com"


@dataclass(frozen=True)
class WireForm:
    """How a request is written; `limit` is the parameter of Chat Completions for the longest answer."""

    api: Api
    output: Output = "schema"
    limit: Limit = "max_completion_tokens"
    # The Responses API keeps answers unless `store` is false; some servers do not know the parameter.
    with_store: bool = True
    # Some templates know no system's role and let the sides only take turns: the instructions then begin the
    # first turn of the user, and neighbouring turns of one side are one.
    plain_roles: bool = False

    def __str__(self) -> str:
        roles = ", plain roles" if self.plain_roles else ""
        if self.api == "responses":
            return f"responses with {self.output}{'' if self.with_store else ', without store'}{roles}"
        return f"chat with {self.output}, {self.limit}{roles}"


_ALL = (
    *(WireForm("chat", output, limit) for limit in get_args(Limit) for output in _OUTPUTS),
    *(WireForm("responses", output) for output in _OUTPUTS),
)
_WITHOUT_STORE = tuple(replace(form, with_store=False) for form in _ALL if form.api == "responses")
_BY_NAME = {
    str(form): form
    for known in (*_ALL, *_WITHOUT_STORE)
    for form in (known, replace(known, plain_roles=True))
}


def first_form(setting: str, base_url: str | None) -> WireForm:
    """Return the form to begin with; `setting` is OPENAI_API: `auto`, `responses` or `chat`."""
    if setting == "responses":
        return WireForm("responses")
    is_openai = base_url is None or urlsplit(base_url).hostname == _OPENAI
    return WireForm("responses" if setting == "auto" and is_openai else "chat")


def parse_form(text: str) -> WireForm | None:
    """Return the form that is written like this; None if there is none."""
    return _BY_NAME.get(text)


def next_form(form: WireForm, words: str, tried: Collection[WireForm]) -> WireForm | None:
    """Return the next form after a refusal in these words (lower case); None if all were tried."""
    candidates = [*_named(form, words), *_others(form, words)]
    return next((candidate for candidate in candidates if candidate not in tried), None)


def simpler_output(form: WireForm) -> WireForm | None:
    """Return the form for a server that accepts this one but ignores it; None if there is no simpler one."""
    place = _OUTPUTS.index(form.output) + 1
    return replace(form, output=_OUTPUTS[place]) if place < len(_OUTPUTS) else None


def _named(form: WireForm, words: str) -> Iterator[WireForm]:
    """Yield the forms without what the refusal names."""
    if form.api == "chat" and "max_" in words and "tokens" in words:
        yield _other_limit(form)
    if any(word in words for word in _OUTPUT_WORDS) and (simpler := simpler_output(form)) is not None:
        yield simpler
    if not form.plain_roles and any(word in words for word in _ROLE_WORDS):
        yield replace(form, plain_roles=True)
    if form.api == "responses" and "store" in words:
        yield replace(form, with_store=False)


def _others(form: WireForm, words: str) -> list[WireForm]:
    """Return all forms: first what differs least; the other API first if the address is unknown."""
    is_no_address = any(word in words for word in _NO_ADDRESS)

    def difference(other: WireForm) -> int:
        to_other_api = other.api != form.api
        return (
            (0 if to_other_api else 8) * is_no_address
            + 4 * to_other_api
            + 2 * (other.limit != form.limit)
            + abs(_OUTPUTS.index(other.output) - _OUTPUTS.index(form.output))
        )

    return [replace(other, plain_roles=form.plain_roles) for other in sorted(_ALL, key=difference)]


def _other_limit(form: WireForm) -> WireForm:
    return replace(
        form, limit="max_tokens" if form.limit == "max_completion_tokens" else "max_completion_tokens"
    )
