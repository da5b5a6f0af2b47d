"""What is known about a provider of the model: the form of request that works, and whether it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from urllib.parse import urlsplit

Role = Literal["first", "second"]
FIRST: Final = "first"
SECOND: Final = "second"
OPENAI_HOST = "api.openai.com"


@dataclass(frozen=True)
class ServerState:
    """A model of one provider, by the host of its address and the model's name.

    `wire_form`, `prompt_tokens`: None until a reply has succeeded. `out_since`: None while it answers.
    """

    host: str
    model: str
    role: Role
    wire_form: str | None = None
    prompt_tokens: int | None = None
    out_since: datetime | None = None
    out_reason: str | None = None
    in_use: bool = True


def host_of(base_url: str | None) -> str:
    """Return the host and port of a provider's address; None is OpenAI's."""
    return urlsplit(base_url).netloc.rpartition("@")[2] if base_url else OPENAI_HOST
