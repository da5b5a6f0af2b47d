"""A model request and an answer in one form for both APIs."""

from typing import Any, Literal

from pydantic import BaseModel

Schema = dict[str, Any]


class Message(BaseModel):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    text: str


class OutputFormat(BaseModel):
    """The wanted form of the answer: free text, any JSON object, or JSON for a schema."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    name: str | None = None
    strict: bool = False
    json_schema: Schema | None = None


class Turn(BaseModel):
    """One request: the instructions, the conversation and the wanted format."""

    model: str
    instructions: str = ""
    messages: list[Message]
    format: OutputFormat = OutputFormat()
    max_output_tokens: int | None = None

    def prompt(self) -> str:
        """Return all text of the request, in order."""
        return "\n".join([self.instructions, *(message.text for message in self.messages)])


class Answer(BaseModel):
    """An answer to send: text, a refusal, or nothing; `cut` marks a truncated text."""

    text: str = ""
    refusal: str | None = None
    cut: bool = False
    empty: bool = False
