"""What the worker needs of the outside world, in our own words: Telegram and the assistant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.errors import LeadAssistantError
from shared.statuses import Intent


@dataclass(frozen=True)
class Peer:
    """A person as one account may address them; Telegram's access hash is of that account alone."""

    user_id: int
    access_hash: int


@dataclass(frozen=True)
class Incoming:
    """A message from a person, as Telegram gave it; `text` describes it if it is no text."""

    user_id: int
    message_id: int
    text: str
    sent_at: datetime
    # An earlier message, as its writer has changed it.
    edited: bool = False


@dataclass(frozen=True)
class Outgoing:
    """A message to a person from our account: the worker's own, or a human's from another device."""

    user_id: int
    message_id: int
    text: str
    sent_at: datetime


@dataclass(frozen=True)
class Note:
    """What the account's owner wrote in its own Saved Messages, or the worker did."""

    message_id: int
    text: str


@dataclass(frozen=True)
class Deleted:
    """Messages that somebody has taken back; Telegram does not say whose."""

    message_ids: tuple[int, ...]


Arrival = Incoming | Outgoing | Note | Deleted


@dataclass(frozen=True)
class Sent:
    """Telegram has the message; the id is None if Telegram knows it but did not say which it is."""

    message_id: int | None


@dataclass(frozen=True)
class Identity:
    """The account that the worker is signed in as."""

    user_id: int
    username: str | None


class TelegramError(LeadAssistantError):
    """Telegram could not do what was asked."""


class PeerNotFoundError(TelegramError):
    """The username or phone leads to no person; the text says why, for the operator."""


class CannotWriteError(TelegramError):
    """This person cannot be written to, now or later; the text says why, for the operator."""


class PaymentRequiredError(CannotWriteError):
    """This person takes messages from strangers for so many Telegram Stars."""

    def __init__(self, stars: int) -> None:
        price = f"{stars} " if stars else ""
        super().__init__(
            f"they take {price}Telegram Stars for messages from strangers (MAX_STARS_PER_MESSAGE)"
        )
        self.stars = stars


class RateLimitedError(TelegramError):
    """Telegram asks to wait before this kind of call; nothing was done."""

    def __init__(self, wait: timedelta, method: str | None = None) -> None:
        before = f" before {method}" if method else ""
        super().__init__(f"Telegram asks to wait {int(wait.total_seconds())} s{before}")
        self.wait = wait


class SlotUnavailableError(TelegramError):
    """The account's own pace does not allow it yet; nothing was done."""

    def __init__(self, wait: timedelta, reason: str) -> None:
        super().__init__(reason)
        self.wait = wait


class ImportPausedError(RateLimitedError):
    """As above, for this person alone: others may still be looked up."""


class PeerFloodError(TelegramError):
    """Telegram lets this account write to no strangers for now, or has frozen it."""


class TelegramUnavailableError(TelegramError):
    """No answer: whether the call had its effect is not known."""


class SessionRevokedError(TelegramError):
    """The account is signed out or banned: nothing can be done until its owner signs it in again."""

    def __init__(self, message: str, *, state: str = "needs_login") -> None:
        super().__init__(message)
        self.state = state


class FloodGate(Protocol):
    """What Telegram has asked to leave alone, by the names of its methods."""

    def remaining(self, method: str) -> timedelta | None:
        """How long a method is still to be left alone; None if it may be called."""

    async def close(self, method: str, wait: timedelta, reason: str) -> None:
        """Remember for good that a method is to be left alone for so long."""


class Finder(Protocol):
    """Finds people at the least cost. May raise NotYetError, and what Telegram does."""

    async def by_username(self, username: str) -> Peer:
        """The person behind a username; raises NobodyThereError or CannotWriteError."""

    async def by_phone(self, phone_e164: str, name: str, *, thoroughly: bool = True) -> Peer:
        """The person behind a phone; raises NobodyThereError or CannotWriteError.

        `thoroughly`: if need be by saving them as a contact called `name`, of which few are allowed a day.
        """

    async def remove_imported_contacts(self) -> None:
        """Take out of the address book whoever was saved there on the way."""


class Telegram(Protocol):
    """One signed-in user account. Every method may raise RateLimitedError, TelegramUnavailableError,
    SessionEndedError, or TelegramError for an answer that is none of these."""

    async def find_by_username(self, username: str) -> Peer:
        """The person behind a username; raises NobodyThereError."""

    async def find_by_phone(self, phone_e164: str) -> Peer:
        """The person behind a phone; raises NobodyThereError, also for some who can be imported."""

    async def import_contact(self, phone_e164: str, name: str) -> Peer:
        """The person behind a phone, saved as a contact called `name`; raises NobodyThereError."""

    async def drop_contacts(self, peers: Sequence[Peer]) -> None:
        """Take people out of the account's contacts; they can still be written to."""

    async def check_open(self, peer: Peer) -> None:
        """Raise CannotWriteError if this person takes no first message from this account."""

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        """Send `text` once, however often it is called with the same random_id.

        Raises CannotWriteError or OutreachLimitedError.
        """

    async def note(self, text: str, random_id: int) -> None:
        """Write into the account's own Saved Messages, once as above."""

    async def show_typing(self, peer: Peer) -> None:
        """Mark what they wrote as read and show `typing…` for about six seconds."""

    async def newest(self, since: datetime) -> Mapping[int, int]:
        """The id of the newest message with each person (by user id) whose chat was touched since then."""

    async def history(self, peer: Peer, after_id: int) -> Sequence[Arrival]:
        """What was said by either side after our message `after_id`, oldest first, at most the last 100."""

    async def voice(self, message_id: int) -> bytes | None:
        """The sound of a short voice or video message; None if it is not to be had."""


class AssistantError(LeadAssistantError):
    """The model gave nothing usable this time: malformed, cut off, refused."""


class AssistantUnavailableError(AssistantError):
    """The model cannot be reached; `wait` is its own word on when to come back, if it gave one.

    `for_everybody`: it says so to us, whichever lead we ask for.
    """

    def __init__(self, message: str, wait: timedelta | None = None, *, for_everybody: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        self.for_everybody = for_everybody


class AssistantPausedError(AssistantUnavailableError):
    """The owner has to act (quota, key, country): no calls are made until `wait` is over."""

    def __init__(self, message: str, wait: timedelta | None = None) -> None:
        super().__init__(message, wait, for_everybody=True)


@dataclass(frozen=True)
class Brief:
    """What the assistant may know of a lead: never a phone or a username.

    `local_time` is the person's own clock, or else the owner's. `further`: what they asked in later forms
    that nobody has spoken of yet. `met_before`: they have heard from us about an earlier request.
    """

    name: str
    request: Mapping[str, str] = field(default_factory=dict)
    local_time: datetime | None = None
    further: tuple[str, ...] = ()
    met_before: bool = False


@dataclass(frozen=True)
class Turn:
    """One side's words in the conversation so far."""

    ours: bool
    text: str


@dataclass(frozen=True)
class Usage:
    """What some calls to the model took; None where the server or the price list does not say."""

    model: str
    calls: int = 1
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    latency_ms: int = 0


@dataclass(frozen=True)
class Greeting:
    """A first message; `refused`: why the model's own words were not fit to be sent, if they were not."""

    text: str
    usage: Usage | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What the new messages mean, and what to answer; `language` is an ISO 639-1 code.

    `facts` are what the answer rests on in the company's description, `needs_human` says why a human has to
    go on, `refused` why the model's own words were not fit to be sent.
    """

    intent: Intent
    text: str
    language: str
    confidence: float = 1.0
    facts: tuple[str, ...] = ()
    needs_human: str | None = None
    asks_not_to_be_contacted: bool = False
    usage: Usage | None = None
    refused: str | None = None


class Assistant(Protocol):
    """Writes and understands. Every method may raise AssistantError and its kinds."""

    async def greeting(self, brief: Brief) -> Greeting:
        """A first message: their name, their request to the company, an offer of a call; no link."""

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        """One verdict on the person's latest messages, which end the conversation; no link in its text."""

    async def transcribe(self, audio: bytes) -> str:
        """What is said in a voice or video message."""
