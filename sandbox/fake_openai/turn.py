"""What a request asks of the model, whichever API it came through."""

from typing import Any, Literal

from pydantic import BaseModel

Schema = dict[str, Any]


class Message(BaseModel):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant"]
    text: str


class OutputFormat(BaseModel):
    """How the answer is to look: free text, any JSON object, or JSON after a schema."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    name: str | None = None
    strict: bool = False
    json_schema: Schema | None = None


class Turn(BaseModel):
    """One request in the common form: the instructions, the conversation, the wanted format."""

    model: str
    instructions: str = ""
    messages: list[Message]
    format: OutputFormat = OutputFormat()
    max_output_tokens: int | None = None

    def prompt(self) -> str:
        """All of its text, in order."""
        return "\n".join([self.instructions, *(message.text for message in self.messages)])


class Answer(BaseModel):
    """What goes out: text, a refusal, or nothing; cut short or complete."""

    text: str = ""
    refusal: str | None = None
    cut: bool = False
    empty: bool = False
