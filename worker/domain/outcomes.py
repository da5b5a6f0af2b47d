"""The outcomes of steps, as values; worker/dispatch/settlement.py writes them to the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from shared.intents import Intent
from shared.leads.contact_evidence import ContactKind
from shared.statuses import LeadStatus
from worker.domain.assistant_port import Greeting, Verdict
from worker.domain.telegram_port import Peer

Via = ContactKind


@dataclass(frozen=True)
class PeerFound:
    """The Telegram user of the lead was found."""

    peer: Peer
    via: Via


@dataclass(frozen=True)
class ChangeStatus:
    """The status changes without a message."""

    to: LeadStatus
    reason: str


@dataclass(frozen=True)
class FallBackToPhone:
    """The username does not exist or cannot be written to; the phone is tried next."""

    reason: str


@dataclass(frozen=True)
class FallBackToUsername:
    """The phone belongs to no user, or the user cannot be written to; the weak username is tried next."""

    reason: str


@dataclass(frozen=True)
class PeerChanged:
    """The contact leads to another person than the one who was found: the lead is looked up again."""

    reason: str


@dataclass(frozen=True)
class WroteFirst:
    """The person has written before our first message: their words are answered instead."""

    reason: str = "the person wrote first"


@dataclass(frozen=True)
class QueueMessage:
    """A message is queued; after its delivery the lead gets `next_status` (None: unchanged).

    `answers_message_ids` are the ids of the messages that it answers, `intent` is their intent.
    `do_not_contact`: the contact is put on the suppression list, and this is the last message.
    `reason`: why the status changes, if it is not just that the message was delivered.
    """

    kind: str
    key: str
    text: str
    next_status: LeadStatus | None
    answers_message_ids: tuple[int, ...] = ()
    intent: Intent | None = None
    do_not_contact: bool = False
    reason: str | None = None
    # When the contact asked for a follow-up (UTC). It is sent once, unless the contact writes first.
    follow_up_at: datetime | None = None
    # The question that the text promises to ask a colleague.
    open_question: str | None = None
    # The planned message that this is: it is queued only while that one is still planned.
    planned_id: int | None = None
    # The lead's token, if the text holds its own booking link.
    booking_token: str | None = None
    # The model's answer, stored with the message.
    source: Greeting | Verdict | None = field(default=None, compare=False)
    # The text is not from the model: it was not called, or its answer was not usable.
    without_model: bool = field(default=False, compare=False)


@dataclass(frozen=True)
class NoReplyNeeded:
    """The messages were understood and need no answer."""

    answers_message_ids: tuple[int, ...]
    intent: Intent
    do_not_contact: bool = False
    source: Verdict | None = field(default=None, compare=False)

    @property
    def without_model(self) -> bool:
        """True if the model was not called."""
        return self.source is None


@dataclass(frozen=True)
class Transcribed:
    """A voice message was transcribed or marked as not heard; its text changes from `before` to `text`."""

    message_id: int
    before: str
    text: str


@dataclass(frozen=True)
class Suppressed:
    """The contact is suppressed: queued messages are cancelled, unanswered ones go to a human."""

    reason: str


@dataclass(frozen=True)
class Delivered:
    """Telegram has accepted a queued message.

    `is_late`: it is a first message that Telegram may have accepted earlier. The contact may have answered
    before it was recorded.
    """

    message_id: int
    telegram_message_id: int | None
    sent_at: datetime
    is_late: bool = False


@dataclass(frozen=True)
class Undeliverable:
    """A queued message can never be delivered to this contact."""

    message_id: int
    reason: str


@dataclass(frozen=True)
class PlanChanged:
    """Planned messages of the lead end (with the reason) or move to another time; nothing is sent.

    `closes`: the planned end of the follow-ups, after which the lead is `no_reply`.
    """

    cancel: Mapping[int, str] = field(default_factory=dict)
    postpone: Mapping[int, datetime] = field(default_factory=dict)
    closes: int | None = None


@dataclass(frozen=True)
class Withdrawn:
    """A queued message is not sent any more: what it was planned for has passed."""

    message_id: int
    planned_id: int
    reason: str


@dataclass(frozen=True)
class Wait:
    """The lead must wait for `delay` through no fault of its own; `attempts` is not increased."""

    delay: timedelta
    reason: str


@dataclass(frozen=True)
class Retry:
    """The step failed: `attempts` is increased, and the step runs again after a growing pause."""

    error: str


@dataclass(frozen=True)
class GiveUp:
    """The lead cannot be worked on any further. `peer`: the person, who may still write to us."""

    to: Literal[LeadStatus.UNREACHABLE, LeadStatus.FAILED]
    reason: str
    peer: Peer | None = None


@dataclass(frozen=True)
class ReturnToAssistant:
    """The human's time with the conversation has ended: the assistant continues it."""

    reason: str


@dataclass(frozen=True)
class NothingToDo:
    """Nothing to do now; the next message or form makes the lead due again."""


# Outcomes that need an answer of Telegram or of the model.
_NEED_AN_ANSWER = (
    PeerFound,
    FallBackToPhone,
    FallBackToUsername,
    PeerChanged,
    QueueMessage,
    NoReplyNeeded,
    Delivered,
    Undeliverable,
    GiveUp,
)

Outcome = (
    PeerFound
    | ChangeStatus
    | FallBackToPhone
    | FallBackToUsername
    | PeerChanged
    | WroteFirst
    | QueueMessage
    | NoReplyNeeded
    | Transcribed
    | Suppressed
    | Delivered
    | Undeliverable
    | PlanChanged
    | Withdrawn
    | Wait
    | Retry
    | GiveUp
    | ReturnToAssistant
    | NothingToDo
)


def proves_reachable(outcome: Outcome) -> bool:
    """Return True if Telegram or the model must have answered: a text without the model proves nothing."""
    if isinstance(outcome, QueueMessage | NoReplyNeeded) and outcome.without_model:
        return False
    return isinstance(outcome, _NEED_AN_ANSWER)
