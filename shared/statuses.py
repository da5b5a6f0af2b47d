"""The law of a lead's life: every status and every transition between them."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class LeadStatus(StrEnum):
    """Where a lead stands; the text is what the database holds."""

    PENDING = "pending"
    RESOLVED = "resolved"
    CONTACTED = "contacted"
    ENGAGED = "engaged"
    SCHEDULED = "scheduled"
    BOOKED = "booked"
    REJECTED = "rejected"
    NO_REPLY = "no_reply"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    HANDED_OFF = "handed_off"


class Intent(StrEnum):
    """What a reply means."""

    ACCEPT = "accept"
    REJECT = "reject"
    QUESTION = "question"
    AMBIGUOUS = "ambiguous"


_S = LeadStatus

ALLOWED: Final = MappingProxyType(
    {
        _S.PENDING: frozenset({_S.RESOLVED, _S.UNREACHABLE, _S.FAILED, _S.HANDED_OFF}),
        # Back to pending: the username cannot be written to and the phone is left to try.
        _S.RESOLVED: frozenset({_S.CONTACTED, _S.PENDING, _S.UNREACHABLE, _S.FAILED, _S.HANDED_OFF}),
        _S.CONTACTED: frozenset(
            {_S.ENGAGED, _S.SCHEDULED, _S.REJECTED, _S.NO_REPLY, _S.FAILED, _S.HANDED_OFF}
        ),
        _S.ENGAGED: frozenset({_S.SCHEDULED, _S.REJECTED, _S.NO_REPLY, _S.FAILED, _S.HANDED_OFF}),
        _S.SCHEDULED: frozenset({_S.BOOKED, _S.REJECTED, _S.NO_REPLY, _S.HANDED_OFF}),
        _S.BOOKED: frozenset({_S.SCHEDULED, _S.HANDED_OFF}),
        _S.REJECTED: frozenset({_S.ENGAGED, _S.SCHEDULED, _S.HANDED_OFF}),
        _S.NO_REPLY: frozenset({_S.ENGAGED, _S.SCHEDULED, _S.REJECTED, _S.HANDED_OFF}),
        _S.UNREACHABLE: frozenset({_S.PENDING}),
        _S.FAILED: frozenset({_S.PENDING}),
        _S.HANDED_OFF: frozenset({_S.ENGAGED, _S.SCHEDULED, _S.REJECTED, _S.BOOKED}),
    }
)

# One Telegram person has at most one lead of an account in these: the schema holds it with a unique index.
OPEN: Final = frozenset({_S.RESOLVED, _S.CONTACTED, _S.ENGAGED, _S.SCHEDULED})


def may_become(current: LeadStatus, target: LeadStatus) -> bool:
    """Whether the table allows a lead in `current` to move to `target`."""
    return target in ALLOWED[current]
