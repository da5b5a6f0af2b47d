"""What the worker needs from Telegram, in the project's own terms; worker.telegram implements it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from shared.errors import LeadAssistantError


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
