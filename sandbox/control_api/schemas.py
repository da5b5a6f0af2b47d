"""Requests and responses of the control API."""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sandbox.fake_telegram.settings import Settings
from sandbox.fake_telegram.state.extras import Extras
from sandbox.fake_telegram.state.mailbox import Message
from sandbox.fake_telegram.state.people import Kind, PersonFields, Phone, Privacy, Username
from sandbox.fake_telegram.tl.media import Media


class PersonNew(PersonFields):
    """A person to create; without an id the next free one is used."""

    id: int | None = Field(None, ge=1)


class PersonChange(BaseModel):
    """Changes to a person; omitted fields stay unchanged."""

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


class HandOver(BaseModel):
    """What a person gives up to another one."""

    model_config = ConfigDict(extra="forbid")

    to: int = Field(description="The id of the person who gets it.")
    username: bool = True
    phone: bool = False


class Unread(BaseModel):
    """How many messages of a person are not read."""

    unread: int


class ChatMessage(BaseModel):
    """One message of a chat; `random_id` is set for messages that the worker sent."""

    id: int
    sender: Literal["account", "person"] = Field(serialization_alias="from")
    account: int
    text: str
    date: datetime
    random_id: int | None = None
    media: str | None = None
    edit_date: datetime | None = None
    reaction: str = Field("", description="The person's reaction.")
    extras: Extras = Field(default_factory=Extras)

    @classmethod
    def of(cls, message: Message, account_id: int) -> Self:
        """Return the message as this account sees it."""
        return cls(
            id=message.id,
            sender="account" if message.out else "person",
            account=account_id,
            text=message.text,
            date=datetime.fromtimestamp(message.date, UTC),
            random_id=message.random_id,
            media=message.media,
            edit_date=datetime.fromtimestamp(message.edit_date, UTC) if message.edit_date else None,
            reaction=message.reaction,
            extras=message.extras,
        )


class MessageParts(Extras):
    """A message with anything in it."""

    media: Media | None = None

    @property
    def extras(self) -> Extras:
        """What the message holds besides its text and the kind of its media."""
        return Extras(**self.model_dump(include=set(Extras.model_fields)))

    @property
    def is_something(self) -> bool:
        """True if it is a message even without a text."""
        return self.media is not None or bool(self.service or self.rich or self.tl)


class PersonMessage(MessageParts):
    """An action of the person: write texts, send media, call, react, edit or delete a message."""

    text: str | None = Field(None, description="One message, or the caption of the media.")
    texts: list[str] = Field(default_factory=list, description="Several messages in a row.")
    spoken: str = Field("", description="The spoken text of a voice message or a video note.")
    forwarded: bool = Field(False, description="The message is forwarded from another person.")
    edit: int | None = Field(None, description="Id of the person's message that gets this text.")
    delete: int | None = Field(None, description="Id of the person's message to delete.")
    react: str | None = Field(None, description="The emoji of a reaction; empty: the reaction is removed.")
    to: int | None = Field(None, description="Id of the message to react to; default: our newest one.")
    account: int | None = Field(
        None, description="The receiving account; default: the account of their newest message."
    )

    @model_validator(mode="after")
    def _has_an_action(self) -> Self:
        acts = self.delete is not None or self.react is not None
        if self.text is None and not self.texts and not self.is_something and not acts:
            raise ValueError("a text, texts, media, a service message, a reaction, or what to delete")
        if self.edit is not None and self.text is None:
            raise ValueError("an edit needs its text")
        return self


class CrowdMessage(BaseModel):
    """A message that many people send at once."""

    model_config = ConfigDict(extra="forbid")

    people: list[int] = Field(description="Their ids.")
    text: str = Field(min_length=1)


class AccountMessage(MessageParts):
    """A message, or a call, of the agency's human from another device; the worker gets it as an update."""

    person: int | None = Field(None, description="The receiver; null: the account's own Saved Messages.")
    text: str = ""

    @model_validator(mode="after")
    def _has_content(self) -> Self:
        if not self.text and not self.is_something:
            raise ValueError("a text, media, or a service message")
        return self


class Channels(BaseModel):
    """The channels that an account is in."""

    model_config = ConfigDict(extra="forbid")

    number: int = Field(ge=0, le=2000, description="They replace those of before; 0: none.")
    failing_every: int | None = Field(None, ge=1, description="Every so many refuse each call about them.")
    ids: list[int] = Field(default_factory=list, description="In an answer: their ids.")


class Scan(BaseModel):
    """The scanned login token; without one the newest token is used."""

    model_config = ConfigDict(extra="forbid")

    token: str | None = Field(None, description="The token of tg://login?token=…, base64url.")

    @property
    def bytes(self) -> bytes | None:
        """The decoded token, or None."""
        return urlsafe_b64decode(self.token + "=" * (-len(self.token) % 4)) if self.token else None


class AccountPublic(BaseModel):
    """An account; the login code is included because the sandbox sends no SMS."""

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
    """The address, keys and settings that a client needs to connect to this server."""

    host: str
    port: int
    address: str
    is_up: bool
    layer: int
    fingerprint: int
    key_pem: str = Field(description="PKCS#1")
    key_spki_pem: str = Field(description="SPKI")
    settings: Settings
