"""Reads what is planned for leads, with the bookings that it is about."""

from collections.abc import Collection, Mapping, Sequence

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bookings.attendees import is_of_guest
from shared.bookings.changes import HUMAN
from shared.database.models import Booking, PlannedMessage, TelegramAccount
from shared.leads import plans

# What is planned, the bookings by their ids, and whether Telegram limits the account.
Plan = tuple[Sequence[PlannedMessage], Mapping[int, Booking], bool]
NO_PLAN: Plan = ((), {}, False)


async def load_plans(session: AsyncSession, lead_ids: Collection[int], account_id: int) -> Mapping[int, Plan]:
    """Return the plans of these leads of one account by lead id."""
    if not lead_ids:
        return {}
    planned = await plans.load_planned(session, lead_ids)
    wanted = {one.booking_id for rows in planned.values() for one in rows if one.booking_id is not None}
    bookings = await load_bookings(session, wanted)
    limited = await is_limited(session, account_id)
    return {lead_id: (rows, bookings, limited) for lead_id, rows in planned.items()}


async def load_bookings(session: AsyncSession, ids: Collection[int]) -> Mapping[int, Booking]:
    """Return these bookings by their ids, and those from which they were moved."""
    if not ids:
        return {}
    found = list((await session.exec(select(Booking).where(col(Booking.id).in_(ids)))).all())
    if earlier := {booking.moved_from for booking in found if booking.moved_from}:
        sources = {booking.source for booking in found}
        rows = select(Booking).where(col(Booking.source).in_(sources), col(Booking.external_id).in_(earlier))
        found += (await session.exec(rows)).all()
    return {booking.id: booking for booking in found}


def not_own_acts(bookings: Collection[Booking]) -> frozenset[int]:
    """Return the ids of those bookings of which it is not certain that the person gave them their time.

    A scheduler that does not say who moved a meeting may have been used by the host, at any hour.
    """
    own = {(one.source, one.external_id) for one in bookings if one.cancelled_by == "person"}
    return frozenset(
        one.id
        for one in bookings
        if one.source == HUMAN
        or is_of_guest(one)
        or (one.moved_from is not None and (one.source, one.moved_from) not in own)
    )


async def is_limited(session: AsyncSession, account_id: int) -> bool:
    """Return True if Telegram does not let the account write to strangers."""
    state = select(TelegramAccount.state).where(col(TelegramAccount.id) == account_id)
    return (await session.exec(state)).first() == "limited"
