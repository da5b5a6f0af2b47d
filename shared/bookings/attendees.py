"""Names the booking of each attendee if one meeting has several.

A scheduler may have one name for a meeting of several people. The booking of one of them has this name, the
others' have it with the attendee after a slash. The first attendee may leave, and the second one is the first
then: who has which name is decided by the stored bookings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bookings.changes import CALCOM, BookingChange
from shared.database.models import Booking

_SEPARATOR = "/"


async def name_bookings(session: AsyncSession, changes: Sequence[BookingChange]) -> list[BookingChange]:
    """Return the changes of one source, each with the name of its attendee's own booking."""
    wanted = {
        name
        for one in changes
        if one.attendee is not None
        for shared in (one.external_id, one.moved_from, one.moved_to)
        if shared is not None
        for name in (shared, _own_name(shared, one.attendee))
    }
    if not wanted:
        return list(changes)
    rows = select(Booking.external_id, Booking.email).where(
        col(Booking.source) == changes[0].source, col(Booking.external_id).in_(wanted)
    )
    known = dict((await session.exec(rows)).all())
    return [_named(one, known) for one in changes]


def shared_name(external_id: str) -> str:
    """Return the scheduler's name of the meeting to which an attendee's booking belongs."""
    return external_id.partition(_SEPARATOR)[0]


def is_of_guest(booking: Booking) -> bool:
    """Return True if it is not known that the person of the booking has booked or moved it."""
    return booking.source == CALCOM and _SEPARATOR in booking.external_id and booking.token is None


def _named(change: BookingChange, known: Mapping[str, str | None]) -> BookingChange:
    attendee = change.attendee
    if attendee is None:
        return change
    shared, own = change.external_id, _name(change.external_id, attendee, change, known)
    prefix = f"{change.source}:{change.kind}:"
    return replace(
        change,
        external_id=own,
        key=f"{prefix}{own}{change.key.removeprefix(f'{prefix}{shared}')}",
        moved_from=_name(change.moved_from, attendee, change, known) if change.moved_from else None,
        moved_to=_name(change.moved_to, attendee, change, known) if change.moved_to else None,
    )


def _name(shared: str, attendee: str, change: BookingChange, known: Mapping[str, str | None]) -> str:
    own = _own_name(shared, attendee)
    if own in known or shared not in known:
        return own if own in known or not change.is_first else shared
    email = known[shared]
    is_theirs = change.is_first if email is None else email.casefold() == attendee
    return shared if is_theirs else own


def _own_name(shared: str, attendee: str) -> str:
    return f"{shared}{_SEPARATOR}{attendee}"
