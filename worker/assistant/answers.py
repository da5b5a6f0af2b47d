"""The shapes that the model must answer in: strict JSON schemas go out with the request."""

from pydantic import BaseModel, ConfigDict

from shared.status import Intent


class GreetingAnswer(BaseModel):
    """A first message."""

    model_config = ConfigDict(extra="forbid")

    text: str


class ReplyAnswer(BaseModel):
    """One verdict on the person's latest words."""

    model_config = ConfigDict(extra="forbid")

    intent: Intent
    language: str
    text: str
