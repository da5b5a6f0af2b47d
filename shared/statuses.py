"""Every lead status with its transitions, the sets of statuses that rules refer to, and delivery outcomes."""

from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal


class LeadStatus(StrEnum):
    """What has happened with a lead so far; the value is the text in the database."""

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


_S = LeadStatus

# docs/develop/statuses.md draws this table; a test compares the two.
ALLOWED: Final = MappingProxyType(
    {
        # Engaged: the person has written before our greeting.
        _S.PENDING: frozenset({_S.RESOLVED, _S.ENGAGED, _S.UNREACHABLE, _S.FAILED, _S.HANDED_OFF}),
        # Back to pending: the contact cannot be written to, and the other one is still to be tried; or it
        # leads to another person now.
        _S.RESOLVED: frozenset(
            {_S.CONTACTED, _S.ENGAGED, _S.PENDING, _S.UNREACHABLE, _S.FAILED, _S.HANDED_OFF}
        ),
        _S.CONTACTED: frozenset(
            {_S.ENGAGED, _S.SCHEDULED, _S.REJECTED, _S.NO_REPLY, _S.FAILED, _S.HANDED_OFF}
        ),
        _S.ENGAGED: frozenset({_S.SCHEDULED, _S.REJECTED, _S.NO_REPLY, _S.FAILED, _S.HANDED_OFF}),
        _S.SCHEDULED: frozenset({_S.BOOKED, _S.REJECTED, _S.NO_REPLY, _S.HANDED_OFF}),
        _S.BOOKED: frozenset({_S.SCHEDULED, _S.HANDED_OFF}),
        _S.REJECTED: frozenset({_S.ENGAGED, _S.SCHEDULED, _S.HANDED_OFF}),
        _S.NO_REPLY: frozenset({_S.ENGAGED, _S.SCHEDULED, _S.REJECTED, _S.HANDED_OFF}),
        # Engaged: the person writes to us.
        _S.UNREACHABLE: frozenset({_S.PENDING, _S.ENGAGED}),
        _S.FAILED: frozenset({_S.PENDING, _S.ENGAGED}),
        _S.HANDED_OFF: frozenset({_S.ENGAGED, _S.SCHEDULED, _S.REJECTED, _S.BOOKED}),
    }
)

# An account has at most one lead of a Telegram person in these: a unique index enforces it.
OPEN: Final = frozenset({_S.RESOLVED, _S.CONTACTED, _S.ENGAGED, _S.SCHEDULED})
# In these the person has not been written to yet; the worker is about to.
NOT_GREETED: Final = frozenset({_S.PENDING, _S.RESOLVED})
# In these the worker does nothing by itself; a message of the person makes the lead `engaged`.
GIVEN_UP: Final = frozenset({_S.UNREACHABLE, _S.FAILED})
# In these the assistant answers the person's messages.
REPLIED_TO: Final = frozenset({_S.CONTACTED, _S.ENGAGED, _S.SCHEDULED, _S.BOOKED, _S.REJECTED, _S.NO_REPLY})
# In these the worker writes again at the time that the person asked for.
FOLLOWED_UP: Final = REPLIED_TO - {_S.BOOKED, _S.REJECTED}
# In these the events of a lead are still needed: a human reads them, and a handoff is undone by them.
UNFINISHED: Final = OPEN | {_S.PENDING, _S.HANDED_OFF}

# What became of a webhook call; `received` until it is parsed.
DeliveryOutcome = Literal["received", "stored", "duplicate", "probe", "refused"]


def may_become(current: LeadStatus, target: LeadStatus) -> bool:
    """Return True if a lead in `current` is allowed to move to `target`."""
    return target in ALLOWED[current]
