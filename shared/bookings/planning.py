"""Reads what the bookings of leads amount to, and what is to be planned for them now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bookings import reminders
from shared.bookings.reminders import History, LeadBookings
from shared.database.models import Booking, BookingEvent, Message, PlannedMessage
from shared.leads import plans
from shared.statuses import LeadStatus

_WRITTEN_TO = frozenset({LeadStatus.BOOKED, LeadStatus.SCHEDULED})


@dataclass(frozen=True)
class Plan:
    """What is planned about the bookings of a lead: the rows to add, and the ids of those to cancel."""

    missing: Collection[Mapping[str, Any]]
    outdated: Collection[int]


async def load_bookings(
    session: AsyncSession, lead_ids: Collection[int], now: datetime
) -> Mapping[int, LeadBookings]:
    """Return what the bookings of these leads amount to, by lead id."""
    rows = select(Booking).where(col(Booking.lead_id).in_(lead_ids)).order_by(col(Booking.id))
    bookings = (await session.exec(rows.execution_options(populate_existing=True))).all()
    elsewhere = await _targets_of_moves(session, bookings)
    return {
        lead_id: reminders.summarize([one for one in bookings if one.lead_id == lead_id], now, elsewhere)
        for lead_id in lead_ids
    }


async def _targets_of_moves(
    session: AsyncSession, bookings: Collection[Booking]
) -> Collection[tuple[str, str]]:
    """Return those bookings, of whatever lead, to which others were moved, as far as they are known."""
    targets = {one.moved_to for one in bookings if one.moved_to is not None}
    if not targets:
        return ()
    known = select(col(Booking.source), col(Booking.external_id)).where(col(Booking.external_id).in_(targets))
    return [(source, name) for source, name in (await session.exec(known)).all()]


async def load_plans(
    session: AsyncSession, found: Mapping[int, tuple[LeadStatus, LeadBookings]], now: datetime
) -> Mapping[int, Plan]:
    """Return what is to be planned for these leads, by lead id."""
    histories = await _histories(session, [bookings for _, bookings in found.values()])
    rows = select(PlannedMessage).where(
        col(PlannedMessage.lead_id).in_(list(found)), col(PlannedMessage.booking_id).is_not(None)
    )
    known = (await session.exec(rows.order_by(col(PlannedMessage.id)))).all()
    tried = await _tried(session, known)
    return {
        lead_id: _plan(
            status, bookings, histories, [one for one in known if one.lead_id == lead_id], tried, now
        )
        for lead_id, (status, bookings) in found.items()
    }


def _plan(
    status: LeadStatus,
    bookings: LeadBookings,
    histories: Mapping[int, History],
    known: Collection[PlannedMessage],
    tried: Collection[int],
    now: datetime,
) -> Plan:
    rows = reminders.plan(bookings, histories, now) if status in _WRITTEN_TO else []
    # Those that are queued, too: a reminder of the earlier time must not go out.
    waiting = [one for one in known if one.state in ("planned", "queued")]
    return Plan(reminders.missing(rows, known, tried), reminders.outdated(waiting, rows))


async def _histories(session: AsyncSession, found: Collection[LeadBookings]) -> Mapping[int, History]:
    ids = {one.id for bookings in found for one in (bookings.meeting, *bookings.cancelled) if one is not None}
    if not ids:
        return {}
    rows = select(BookingEvent).where(col(BookingEvent.booking_id).in_(ids)).order_by(col(BookingEvent.id))
    events: dict[int, list[BookingEvent]] = {}
    for event in (await session.exec(rows)).all():
        events.setdefault(event.booking_id, []).append(event)
    return {booking_id: reminders.history_of(told) for booking_id, told in events.items()}


async def _tried(session: AsyncSession, known: Collection[PlannedMessage]) -> Collection[int]:
    """Return the ids of those planned messages that have become a message which Telegram may have."""
    keys = {plans.message_key(one.lead_id, one.id): one.id for one in known if one.state == "cancelled"}
    if not keys:
        return ()
    rows = select(Message.key).where(col(Message.key).in_(keys), col(Message.random_id).is_not(None))
    return {keys[key] for key in (await session.exec(rows)).all() if key is not None}
