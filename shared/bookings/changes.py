"""What a scheduler reports about a booking, in one form for all schedulers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Kind = Literal["created", "cancelled", "changed", "no_show", "no_show_undone"]
Party = Literal["person", "host"]

CALENDLY, CALCOM, HUMAN, GENERIC = "calendly", "calcom", "human", "generic"
MAX_TEXT = 500
# A meeting lies between these: anything else is a typing error, and the databases store no year 9999 + 1 day.
_FIRST_YEAR, _LAST_YEAR = 2000, 2200


@dataclass(frozen=True)
class BookingChange:
    """One event of one booking.

    `key` names the event: a second report of it, also by another way, has the same key. `external_id` is the
    scheduler's name of the booking. `moved_from` and `moved_to` are the bookings before and after a
    reschedule. `tokens` are all texts that may be a lead's token. `attendee` tells apart the people of one
    meeting, see attendees.py; a guest that the person who booked has named is kept only if they are a lead.
    """

    source: str
    kind: Kind
    external_id: str
    key: str
    at: datetime
    start: datetime | None = None
    end: datetime | None = None
    timezone: str | None = None
    url: str | None = None
    reschedule_url: str | None = None
    cancel_url: str | None = None
    tokens: tuple[str, ...] = ()
    name: str | None = None
    email: str | None = None
    phones: tuple[str, ...] = ()
    usernames: tuple[str, ...] = ()
    moved_from: str | None = None
    moved_to: str | None = None
    is_moved: bool = False
    cancelled_by: Party | None = None
    # Who gave a meeting that took another one's place its time.
    moved_by: Party | None = None
    reason: str | None = None
    attendee: str | None = None
    is_first: bool = True
    is_kept_only_if_known: bool = False


@dataclass(frozen=True)
class Listed:
    """What a scheduler's list tells of one booking now.

    `changes` have keys of their own: each holds once. `missed` holds if the booking is not known as missed,
    `taken_back` if it is. `moved` holds if the booking is known with another time, which it got earlier.
    """

    changes: tuple[BookingChange, ...]
    missed: BookingChange | None = None
    taken_back: BookingChange | None = None
    moved: BookingChange | None = None


class UnreadableBookingError(ValueError):
    """A call about a booking does not say what is needed; the text tells what is missing."""


def part(value: object, *path: str) -> Any:  # noqa: ANN401 - JSON
    """Return a part of nested JSON objects; None if there is none."""
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text(value: object, *path: str) -> str | None:
    """Return a text of nested JSON objects without outer spaces; None for an empty or another value."""
    found = part(value, *path) if path else value
    if isinstance(found, int) and not isinstance(found, bool):
        found = str(found)
    if not isinstance(found, str):
        return None
    # NUL and lone surrogates cannot be stored.
    clean = found.replace("\x00", "").encode("utf-8", "replace").decode().strip()
    return clean[:MAX_TEXT] or None


def moment(value: object, *path: str) -> datetime | None:
    """Return a time of nested JSON objects in UTC; None if it is missing or not a time with its zone."""
    found = part(value, *path) if path else value
    if isinstance(found, int | float) and not isinstance(found, bool):
        return _from_number(found)
    if not isinstance(found, str):
        return None
    try:
        parsed = datetime.fromisoformat(found.strip())
        at = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return at if _FIRST_YEAR <= at.year < _LAST_YEAR else None


def url(value: object, *path: str) -> str | None:
    """Return a web address of nested JSON objects; None for anything else."""
    found = text(value, *path)
    is_address = found is not None and found.lower().startswith(("https://", "http://"))
    return found if is_address and found and not any(ch.isspace() for ch in found) else None


def end_of(start: datetime | None, end: datetime | None) -> datetime | None:
    """Return the end of a meeting; None if it does not lie after its beginning."""
    return end if start and end and start < end < start + timedelta(days=7) else None


def _from_number(seconds: float) -> datetime | None:
    # JavaScript counts in milliseconds.
    seconds = seconds / 1000 if seconds > 100_000_000_000 else seconds
    try:
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return at if _FIRST_YEAR <= at.year < _LAST_YEAR else None
