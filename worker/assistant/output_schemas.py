"""The shapes that the model must answer in: strict JSON schemas go out with the request."""

from pydantic import BaseModel, ConfigDict

from shared.statuses import Intent


class GreetingAnswer(BaseModel):
    """A first message."""

    model_config = ConfigDict(extra="forbid")

    text: str


class ReplyAnswer(BaseModel):
    """One verdict on the person's latest words; what the text rests on is named before it is written."""

    model_config = ConfigDict(extra="forbid")

    intent: Intent
    confidence: float
    language: str
    asks_not_to_be_contacted: bool
    needs_human: bool
    reason: str
    facts: list[str]
    text: str
