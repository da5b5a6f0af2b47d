"""Port: what the worker needs from Telegram, in the project's own terms; worker.telegram implements it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.errors import LeadAssistantError


@dataclass(frozen=True)
class Peer:
    """A contact as one account may address them; the access hash is valid for that account only."""

    user_id: int
    access_hash: int


@dataclass(frozen=True)
class Sender:
    """What Telegram tells about the author of a message; `access_hash` is None if it cannot be addressed."""

    user_id: int
    access_hash: int | None
    # The active usernames, without @.
    usernames: tuple[str, ...] = ()
    # Digits only; None if Telegram does not show it.
    phone: str | None = None
    name: str = ""
    # False: a bot, the service account, or a deleted account.
    is_person: bool = True
    # True: in the account's address book.
    is_contact: bool = False


@dataclass(frozen=True)
class Note:
    """The owner's own words: a message in the account's Saved Messages, or from the owner's chat.

    `has_more`: the message holds more than its text, such as a file or a link behind a word.
    `reply_to`: the id of the message of this chat that it replies to; `quote`: the words quoted from it.
    `sent_at`: when it was written; None: just now.
    """

    message_id: int
    text: str
    has_more: bool = False
    reply_to: int | None = None
    quote: str = ""
    sent_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Incoming:
    """A message from a contact, as Telegram sent it; `text` describes a message that is not text."""

    user_id: int
    message_id: int
    text: str
    sent_at: datetime
    # True: the contact has edited an earlier message, and `text` is its new text.
    edited: bool = False
    # When it was edited; an edit is known by it.
    edited_at: datetime | None = field(default=None, compare=False, kw_only=True)
    # The id of the message of this chat that is replied to, if the reply itself does not quote it.
    reply_to: int | None = None
    # False: something that the contact did in the chat, such as pinning a message. It is only stored.
    needs_answer: bool = True
    # None: Telegram sent the message without its author.
    sender: Sender | None = field(default=None, compare=False)
    # The words alone, as a command of the owner; None if the sender did not write them just now.
    note: Note | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Reaction:
    """The reactions that a contact has on one message now; `emoji` is empty after they were removed.

    `text`: the message that is reacted to, empty if Telegram did not repeat it.
    """

    user_id: int
    message_id: int
    emoji: str
    reacted_at: datetime
    text: str = ""


@dataclass(frozen=True)
class Outgoing:
    """A message to a contact from the account: sent by the worker, or by a human on another device."""

    user_id: int
    message_id: int
    text: str
    sent_at: datetime


@dataclass(frozen=True)
class Deleted:
    """Messages that were deleted; Telegram does not tell whose they were."""

    message_ids: tuple[int, ...]


@dataclass(frozen=True)
class NameChanged:
    """A person has changed their name, username or phone: what is remembered may be wrong."""

    user_id: int


Arrival = Incoming | Outgoing | Reaction | Note | Deleted | NameChanged


@dataclass(frozen=True)
class Sent:
    """Telegram has the message; `message_id` is None if Telegram did not tell the id."""

    message_id: int | None


@dataclass(frozen=True)
class Identity:
    """The account that the worker is signed in as."""

    user_id: int
    username: str | None


class TelegramError(LeadAssistantError):
    """A call to Telegram failed."""


class PeerNotFoundError(TelegramError):
    """No person has this username or phone; the text tells the operator why."""


class CannotWriteError(TelegramError):
    """This contact cannot be written to, now or later; the text tells the operator why.

    `peer`: the contact, if it was found.
    """

    peer: Peer | None = None


class PaymentRequiredError(CannotWriteError):
    """This contact asks strangers for `stars` Telegram Stars per message (0: unknown)."""

    def __init__(self, stars: int) -> None:
        price = f"{stars} " if stars else ""
        super().__init__(
            f"they take {price}Telegram Stars for messages from strangers (MAX_STARS_PER_MESSAGE)"
        )
        self.stars = stars


class RateLimitedError(TelegramError):
    """Telegram asks to wait before this kind of call (a flood wait); the call had no effect."""

    def __init__(self, wait: timedelta, method: str | None = None) -> None:
        before = f" before {method}" if method else ""
        super().__init__(f"Telegram asks to wait {int(wait.total_seconds())} s{before}")
        self.wait = wait


class SlotUnavailableError(TelegramError):
    """The account has no free quota slot yet; Telegram was not called."""

    def __init__(self, wait: timedelta, reason: str) -> None:
        super().__init__(reason)
        self.wait = wait


class ImportPausedError(RateLimitedError):
    """A flood wait for this contact alone: others may still be looked up."""


class PeerFloodError(TelegramError):
    """PEER_FLOOD: this account may not write to strangers for now."""


class AccountRestrictedError(PeerFloodError):
    """Telegram restricts the whole account, such as by freezing it: no lead is the cause.

    `stops_sending`: False if another call than a message was refused. Messages may still be accepted then.
    """

    stops_sending = True


class UnexplainedRefusalError(TelegramError):
    """Telegram refused for a reason that is not known; if it refuses everyone, no lead is the cause."""


class TelegramUnavailableError(TelegramError):
    """Telegram did not answer: it is unknown whether the call had its effect."""


class SessionRevokedError(TelegramError):
    """The account is signed out or banned; no call works until its owner signs it in again.

    `state`: the new state of the account, `needs_login` or `banned`.
    """

    def __init__(self, message: str, *, state: str = "needs_login") -> None:
        super().__init__(message)
        self.state = state


class FloodGate(Protocol):
    """Flood waits of one account, by Telegram's method names, such as `contacts.resolveUsername`."""

    def remaining(self, method: str) -> timedelta | None:
        """Return how long the method must not be called; None if it may be called."""

    async def close(self, method: str, wait: timedelta, reason: str) -> None:
        """Block calls of the method for `wait`, and store that, so that it survives a restart."""


class Finder(Protocol):
    """Finds contacts at the least cost. May raise SlotUnavailableError, and the errors of Telegram."""

    async def find_by_username(self, username: str) -> Peer:
        """Find the person with a username; raises PeerNotFoundError or CannotWriteError."""

    async def find_by_phone(self, phone_e164: str, name: str, *, may_import: bool = True) -> Peer:
        """Find the person with a phone; raises PeerNotFoundError or CannotWriteError.

        `may_import`: if a look-up fails, save them as a contact called `name`; few are allowed in 24 hours.
        """

    async def check_username(self, peer: Peer, username: str) -> str | None:
        """Return why the username does not lead to this person any more; None if it still does."""

    async def check_phone(self, peer: Peer, phone_e164: str, name: str) -> str | None:
        """Return why the phone does not lead to this person any more; None if it still does."""

    async def forget(self, user_id: int) -> None:
        """Forget how a person was found: their name, username or phone has changed."""

    async def remove_imported_contacts(self) -> None:
        """Remove the contacts from the address book that were imported to find them."""


class Telegram(Protocol):
    """One signed-in user account.

    Every method may raise RateLimitedError, TelegramUnavailableError, SessionRevokedError, or TelegramError
    for any other refusal.
    """

    async def find_by_username(self, username: str) -> Peer:
        """Look up the person with a username; raises PeerNotFoundError."""

    async def find_by_phone(self, phone_e164: str) -> Peer:
        """Look up the person with a phone; raises PeerNotFoundError, also for some who can be imported."""

    async def import_contact(self, phone_e164: str, name: str) -> Peer:
        """Save the person with a phone as a contact called `name`; raises PeerNotFoundError."""

    async def delete_contacts(self, peers: Sequence[Peer]) -> None:
        """Delete people from the account's contacts; they can still be written to."""

    async def check_accepts_messages(self, peer: Peer) -> None:
        """Raise CannotWriteError if this contact accepts no first message from this account."""

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        """Send `text`, only once per `random_id`: a repeated call sends no second message.

        Raises CannotWriteError or PeerFloodError.
        """

    async def send_note(self, text: str, random_id: int) -> Sent:
        """Write into the account's own Saved Messages, only once per `random_id`."""

    async def fetch_profile(self, peer: Peer) -> Sender | None:
        """Return what Telegram tells about a person now; None if it tells nothing."""

    async def show_typing(self, peer: Peer, read_until: int | None = 0) -> None:
        """Show `typing…` for about six seconds, and mark their messages as read.

        `read_until`: the newest message that is marked; 0 marks all of them, None marks none.
        """

    async def fetch_incoming(self, message_ids: Sequence[int]) -> Sequence[Incoming]:
        """Return those of these messages that other people wrote in private chats, with their senders."""

    async def fetch_newest_ids(self, since: datetime) -> Mapping[int, int]:
        """Return the id of the newest message by user id, for each chat with activity since `since`."""

    async def fetch_history(
        self, peer: Peer, after_id: int, since: datetime | None = None
    ) -> Sequence[Arrival]:
        """Return both sides' last 100 messages after `after_id`, oldest first; with `since`, up to 2,000."""

    async def download_voice(self, message_id: int) -> bytes | None:
        """Return the audio of a short voice or video message; None if it is not available."""
