"""What a message may hold besides its text and the kind of its media."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ServiceKind = Literal[
    "call",
    "video_call",
    "gift_premium",
    "gift_code",
    "gift_stars",
    "star_gift",
    "pin",
    "theme",
    "ttl",
    "screenshot",
    "joined",
    "todo_done",
    "unknown_action",
]


class Extras(BaseModel):
    """The parts of one message; all are optional."""

    model_config = ConfigDict(extra="forbid")

    details: list[str] = Field(
        default_factory=list,
        description="The words of the media or of the service message: a file's name; a contact's name and"
        " phone; a poll's question and options; a place's title and address; the wish of a gift.",
    )
    links: dict[str, str] = Field(default_factory=dict, description="Addresses hidden behind words.")
    rich: list[str] = Field(default_factory=list, description="The paragraphs of a rich message.")
    reply_to: int | None = Field(None, description="Id of the message that is replied to.")
    quote: str | None = Field(None, description="The quoted part of it.")
    to_story: bool = Field(False, description="It replies to a story of the account.")
    album: int | None = Field(None, description="Messages with the same number form an album.")
    service: ServiceKind | None = Field(None, description="A service message instead of a text.")
    seconds: int = Field(0, ge=0, description="Length of a call; 0: it was missed.")
    tl: str | None = Field(None, description="Any MessageMedia or MessageAction: its TL bytes in base64.")
    no_users: bool = Field(False, description="The update comes without the users that it mentions.")

    @property
    def is_empty(self) -> bool:
        """True if the message has only its text and its media."""
        return self == Extras()
