"""What a step can come to, as values; worker/dispatch/settlement.py writes them as rows."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from shared.statuses import Intent, LeadStatus
from worker.domain.assistant_port import Greeting, Verdict
from worker.domain.telegram_port import Peer

Via = Literal["username", "phone"]


@dataclass(frozen=True)
class PeerFound:
    """The person is known."""

    peer: Peer
    via: Via


@dataclass(frozen=True)
class ChangeStatus:
    """The lead moves on without a word being said."""

    to: LeadStatus
    reason: str


@dataclass(frozen=True)
class FallBackToPhone:
    """The username leads nowhere or cannot be written to: the phone is left to try."""

    reason: str


@dataclass(frozen=True)
class QueueMessage:
    """Something is to be sent; once delivered, the lead becomes `becomes` (None: stays).

    `answers` are the rows of the messages that this settles, `intent` is what they meant.
    `asks_not_to_be_contacted`: after this, nothing more is to be said to this person.
    `reason`: why the lead moves on, if there is more to say than that it was written to.
    """

    kind: str
    key: str
    text: str
    next_status: LeadStatus | None
    answers_message_ids: tuple[int, ...] = ()
    intent: Intent | None = None
    asks_not_to_be_contacted: bool = False
    reason: str | None = None
    # When the person asked to be written to again: once, unless they write first.
    follow_up_at: datetime | None = None
    # What the model gave, for the record.
    source: Greeting | Verdict | None = field(default=None, compare=False)
    # The model was not asked, or gave nothing usable; of no account for what is said.
    without_model: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class NoReplyNeeded:
    """The messages are understood and need no answer."""

    answers_message_ids: tuple[int, ...]
    intent: Intent
    asks_not_to_be_contacted: bool = False
    source: Verdict | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Transcribed:
    """A voice message was listened to, or cannot be; it read `before` and reads `text` from now on."""

    message_id: int
    before: str
    text: str


@dataclass(frozen=True)
class Suppressed:
    """The person is not to be written to: what was to be said is not, what they said is for a human."""

    reason: str


@dataclass(frozen=True)
class Delivered:
    """A queued message is with Telegram.

    `is_late`: it opened the conversation and may have been there before now, so that it may have been
    answered while we did not know of it.
    """

    message_id: int
    telegram_message_id: int | None
    sent_at: datetime
    is_late: bool = False


@dataclass(frozen=True)
class Undeliverable:
    """A queued message will never be delivered to this person."""

    message_id: int
    reason: str


@dataclass(frozen=True)
class Wait:
    """Nothing is wrong with the lead, only not now; costs no attempt."""

    delay: timedelta
    reason: str


@dataclass(frozen=True)
class Retry:
    """A failed try: counted, and made again after a growing pause."""

    error: str


@dataclass(frozen=True)
class GiveUp:
    """No way on."""

    to: Literal[LeadStatus.UNREACHABLE, LeadStatus.FAILED]
    reason: str


@dataclass(frozen=True)
class ReturnToAssistant:
    """The time of the human who had the conversation is over: the assistant goes on with it."""

    reason: str


@dataclass(frozen=True)
class NothingToDo:
    """Nothing to do now; the next message or form makes the lead due again."""


# What comes only of an answer of the outside world.
PROVES_REACHABLE = (PeerFound, FallBackToPhone, QueueMessage, NoReplyNeeded, Delivered, Undeliverable, GiveUp)

Outcome = (
    PeerFound
    | ChangeStatus
    | FallBackToPhone
    | QueueMessage
    | NoReplyNeeded
    | Transcribed
    | Suppressed
    | Delivered
    | Undeliverable
    | Wait
    | Retry
    | GiveUp
    | ReturnToAssistant
    | NothingToDo
)
