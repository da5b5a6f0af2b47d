"""The structured outputs of the model; their strict JSON schemas are sent with the request.

The intents are defined in shared/intents.py, the wishes in worker/domain/assistant_port.py.
"""

from pydantic import BaseModel, ConfigDict

from shared.intents import Intent
from worker.domain.assistant_port import Wish


class GreetingAnswer(BaseModel):
    """A first message."""

    model_config = ConfigDict(extra="forbid")

    text: str


class FollowUpAnswer(BaseModel):
    """A message to a person who has not answered."""

    model_config = ConfigDict(extra="forbid")

    text: str


class ReplyAnswer(BaseModel):
    """One verdict on the latest messages; the facts that the text relies on come before the text."""

    model_config = ConfigDict(extra="forbid")

    intent: Intent
    confidence: float
    language: str
    do_not_contact: bool
    needs_human: bool
    reason: str
    wish: Wish
    write_at: str | None
    facts: list[str]
    text: str
