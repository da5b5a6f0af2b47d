"""Stores changes of bookings and applies them to the lead, all in the caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Update, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bookings import attendees, lead_state, matching
from shared.bookings.changes import BookingChange
from shared.database.bulk import insert_for
from shared.database.models import BOOKINGS, Booking, BookingEvent, Lead
from shared.leads.handoff import lock

_FILLED_BY_CREATED = (
    *("start", "end", "timezone", "url", "reschedule_url", "cancel_url"),
    *("name", "email", "moved_from", "moved_to", "cancelled_by", "reason"),
)
_COLUMNS = {"start": "start_at", "end": "end_at"}


@dataclass(frozen=True)
class Recorded:
    """The booking of a stored change, its lead (None: no lead matched), and whether it was new."""

    booking_id: int
    lead_id: int | None
    is_new: bool


async def record_all(
    session: AsyncSession, changes: Sequence[BookingChange], *, now: datetime, actor: str, region: str = "RU"
) -> list[Recorded]:
    """Store the changes of one call; those of guests who are no leads are left out."""
    named = await attendees.name_bookings(session, changes)
    if len(named) > 1:
        # In one order, as in record: first all leads, then all bookings.
        found = [await matching.find_lead(session, one, now=now, region=region) for one in named]
        linked = [lead for one in named for lead in await matching.linked_leads(session, one)]
        await _lock_all(session, {*found, *linked})
        named.sort(key=lambda one: one.external_id)
    return [
        await record(session, one, now=now, actor=actor, region=region)
        for one in named
        if not one.is_kept_only_if_known or await is_known(session, one, now=now, region=region)
    ]


async def is_known(
    session: AsyncSession, change: BookingChange, *, now: datetime, region: str = "RU"
) -> bool:
    """Return True if the booking of a change is stored already, or matches a lead."""
    stored = select(Booking.id).where(
        col(Booking.source) == change.source, col(Booking.external_id) == change.external_id
    )
    if (await session.exec(stored)).first() is not None:
        return True
    return await matching.find_lead(session, change, now=now, region=region) is not None


async def record(
    session: AsyncSession,
    change: BookingChange,
    *,
    now: datetime,
    actor: str,
    region: str = "RU",
    lead_id: int | None = None,
) -> Recorded:
    """Store one change. A repeat, whatever reports it, changes nothing but fields that were still empty.

    `lead_id`: the lead, if it is known; else it is looked for.
    """
    lead_id = lead_id or await matching.find_lead(session, change, now=now, region=region)
    # Leads are locked before bookings, in the order of their ids, in every transaction: no deadlocks.
    leads = await _lock_all(session, {*await matching.linked_leads(session, change), lead_id})
    lead = leads.get(lead_id) if lead_id is not None else None
    booking = await _booking(session, change, lead_id=lead.id if lead else None, now=now)
    is_tied_now = booking.lead_id is None and lead is not None
    if is_tied_now:
        booking.lead_id = lead_id
    is_late = change.kind == "changed" and await _has_newer_time(session, booking, change)
    is_new = not is_late and await _store_event(session, booking, change, actor=actor, now=now)
    filled = _fill(booking, change)
    if is_new:
        _apply(booking, change)
    has_changed = is_new or filled or is_tied_now
    if has_changed:
        booking.updated_at = now
        session.add(booking)
        await session.flush()
    await _link(session, booking, change, now=now)
    # Also a lead from which, or to which, the meeting was moved; that of the booking comes first.
    own_first = sorted(leads.values(), key=lambda one: one.id != booking.lead_id)
    for each in own_first if has_changed else ():
        await lead_state.apply(session, each, actor=actor, now=now)
    return Recorded(booking.id, booking.lead_id, is_new)


async def _lock_all(session: AsyncSession, ids: Collection[int | None]) -> Mapping[int, Lead]:
    wanted = sorted(one for one in ids if one is not None)
    return {one: lead for one in wanted if (lead := await lock(session, one)) is not None}


async def tie(
    session: AsyncSession, booking: Booking, lead_id: int, *, actor: str, now: datetime
) -> Booking | None:
    """Tie a booking that matched no lead to one; returns it, or None if there is no such lead."""
    lead = await lock(session, lead_id)
    if lead is None:
        return None
    same = [col(Booking.id) == booking.id]
    same += [col(Booking.external_id) == booking.moved_to] if booking.moved_to else []
    same += [col(Booking.moved_from) == booking.external_id]
    rows = await session.exec(
        select(Booking)
        .where(col(Booking.source) == booking.source, col(Booking.lead_id).is_(None), or_(*same))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    for row in rows.all():
        row.lead_id, row.updated_at = lead.id, now
        session.add(row)
        session.add(
            BookingEvent(
                booking_id=row.id,
                key=f"tied:{row.id}:{lead.id}",
                kind="tied",
                actor=actor,
                at=now,
                stored_at=now,
            )
        )
    await session.flush()
    await lead_state.apply(session, lead, actor=actor, now=now)
    return booking


async def _booking(
    session: AsyncSession, change: BookingChange, *, lead_id: int | None, now: datetime
) -> Booking:
    """Return the booking of a change, locked; it is created if it is not known yet."""
    token = change.tokens[0] if change.tokens else None
    values: dict[str, Any] = {"source": change.source, "external_id": change.external_id, "state": "booked"}
    await session.exec(
        insert_for(session, Booking)
        .values(lead_id=lead_id, token=token, created_at=now, updated_at=now, **values)
        .on_conflict_do_nothing(index_elements=["source", "external_id"])
    )
    found = await session.exec(
        select(Booking)
        .where(col(Booking.source) == change.source, col(Booking.external_id) == change.external_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.one()


async def _has_newer_time(session: AsyncSession, booking: Booking, change: BookingChange) -> bool:
    """Return True if the booking got the time that it has after the change: this report of it is late."""
    rows = select(BookingEvent.at, BookingEvent.stored_at).where(
        col(BookingEvent.booking_id) == booking.id, col(BookingEvent.kind).in_(("created", "changed"))
    )
    # A clock that was ahead does not count.
    return any(min(at, stored_at) > change.at for at, stored_at in (await session.exec(rows)).all())


async def _store_event(
    session: AsyncSession, booking: Booking, change: BookingChange, *, actor: str, now: datetime
) -> bool:
    details = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name in ("start", "end", "moved_from", "moved_to", "cancelled_by", "reason")
        if (value := getattr(change, name)) is not None
    }
    row = {"booking_id": booking.id, "key": change.key, "kind": change.kind, "actor": actor}
    stored = await session.exec(
        insert_for(session, BookingEvent)
        .values(**row, at=change.at, details=details, stored_at=now)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(col(BookingEvent.id))
    )
    return stored.first() is not None


def _fill(booking: Booking, change: BookingChange) -> bool:
    """Fill the fields that are empty: the halves of a story come in any order."""
    filled = False
    given = [(_COLUMNS.get(name, name), getattr(change, name)) for name in _FILLED_BY_CREATED]
    given += [("phone", change.phones[0] if change.phones else None)]
    given += [("token", change.tokens[0] if change.tokens else None)]
    for column, value in given:
        if value is not None and getattr(booking, column) is None:
            setattr(booking, column, value)
            filled = True
    return filled


def _apply(booking: Booking, change: BookingChange) -> None:
    """Change the state of a booking. A cancelled one stays cancelled, whatever comes late."""
    match change.kind:
        case "created":
            pass
        case "changed":
            booking.start_at, booking.end_at = change.start, change.end
            booking.url = change.url or booking.url
            if booking.state == "no_show":
                booking.state = "booked"
        case "cancelled":
            booking.state = "moved" if change.is_moved else "cancelled"
        case "no_show" | "no_show_undone":
            is_later = booking.no_show_at is None or change.at >= booking.no_show_at
            if is_later and booking.state in ("booked", "no_show"):
                booking.state = "no_show" if change.kind == "no_show" else "booked"
                booking.no_show_at = change.at


async def _link(session: AsyncSession, booking: Booking, change: BookingChange, *, now: datetime) -> None:
    """Tie the two halves of a reschedule: the earlier booking is moved, and both have the same lead."""
    if change.moved_from is not None:
        earlier = _update_named(change.source, change.moved_from)
        is_open = BOOKINGS.c.state.in_(("booked", "cancelled", "no_show"))
        moved = {"state": "moved", "moved_to": booking.external_id, "updated_at": now}
        await session.exec(earlier.where(is_open).values(moved))
        if change.moved_by is not None:
            has_no_actor = BOOKINGS.c.cancelled_by.is_(None)
            await session.exec(earlier.where(has_no_actor).values(cancelled_by=change.moved_by))
    if booking.lead_id is not None and booking.moved_to is not None:
        later = _update_named(change.source, booking.moved_to).where(BOOKINGS.c.lead_id.is_(None))
        await session.exec(later.values(lead_id=booking.lead_id, updated_at=now))


def _update_named(source: str, external_id: str) -> Update:
    return update(BOOKINGS).where(BOOKINGS.c.source == source, BOOKINGS.c.external_id == external_id)
