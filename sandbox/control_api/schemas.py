"""What the control API takes and gives."""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.fake_telegram.settings import Settings
from sandbox.fake_telegram.state.mailbox import Message
from sandbox.fake_telegram.state.people import Kind, PersonFields, Phone, Privacy, Username
from sandbox.fake_telegram.tl.media import Media


class PersonNew(PersonFields):
    """A person to create; without an id they get the next free one."""

    id: int | None = Field(None, ge=1)


class PersonChange(BaseModel):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: str | None = None
    last_name: str | None = None
    username: Username = None
    more_usernames: list[str] | None = None
    phone: Phone = None
    kind: Kind | None = None
    privacy: Privacy | None = None
    replies: list[str | list[str]] | None = None
    delay: float | None = None


class ChatMessage(BaseModel):
    """One message of a chat; `random_id` is there for those the worker sent."""

    id: int
    sender: Literal["account", "person"] = Field(serialization_alias="from")
    account: int
    text: str
    date: datetime
    random_id: int | None = None
    media: str | None = None
    edit_date: datetime | None = None

    @classmethod
    def of(cls, message: Message, account_id: int) -> Self:
        """As the chat of this account has it."""
        return cls(
            id=message.id,
            sender="account" if message.out else "person",
            account=account_id,
            text=message.text,
            date=datetime.fromtimestamp(message.date, UTC),
            random_id=message.random_id,
            media=message.media,
            edit_date=datetime.fromtimestamp(message.edit_date, UTC) if message.edit_date else None,
        )


class PersonMessage(BaseModel):
    """What the person does: writes one or several texts, sends media, or edits a message."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(None, description="One message, or the caption of the media.")
    texts: list[str] = Field(default_factory=list, description="Several messages, one at once.")
    media: Media | None = None
    spoken: str = Field("", description="What is said in a voice message or a video note.")
    forwarded: bool = Field(False, description="They pass on what somebody else wrote.")
    edit: int | None = Field(None, description="Id of the person's message that gets this text.")
    delete: int | None = Field(None, description="Id of the person's message that they take back.")
    account: int | None = Field(
        None, description="Whom they write to; else the account they last had a message with."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.text is None and not self.texts and self.media is None and self.delete is None:
            raise ValueError("a text, texts, media, or what to delete")
        if self.edit is not None and self.text is None:
            raise ValueError("an edit needs its text")
        return self


class CrowdMessage(BaseModel):
    """What many people write at once."""

    model_config = ConfigDict(extra="forbid")

    people: list[int] = Field(description="Their ids.")
    text: str = Field(min_length=1)


class AccountMessage(BaseModel):
    """What the agency's human types on another device; the worker gets it as an update."""

    model_config = ConfigDict(extra="forbid")

    person: int | None = Field(None, description="Nobody: it goes to the account's own Saved Messages.")
    text: str = Field(min_length=1)


class Scan(BaseModel):
    """What a phone's camera sees; without it the newest code is scanned."""

    model_config = ConfigDict(extra="forbid")

    token: str | None = Field(None, description="Of tg://login?token=…, base64url.")

    @property
    def bytes(self) -> bytes | None:
        """The token itself."""
        return urlsafe_b64decode(self.token + "=" * (-len(self.token) % 4)) if self.token else None


class AccountPublic(BaseModel):
    """An account; the login code is shown, since nobody gets it by SMS here."""

    id: int
    name: str
    phone: str
    username: str | None
    code: str
    has_password: bool
    pts: int
    contacts: list[int]
    chats: list[int]


class TelegramInfo(BaseModel):
    """What a client needs to find and to trust this server."""

    host: str
    port: int
    address: str
    is_up: bool
    layer: int
    fingerprint: int
    key_pem: str = Field(description="PKCS#1")
    key_spki_pem: str = Field(description="SPKI")
    settings: Settings
