"""What is planned for a lead, and its bookings with their history."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Booking, BookingEvent, PlannedMessage


async def plans_of(session: AsyncSession, lead_id: int) -> Mapping[str, Sequence[Any]]:
    """Return `planned`, `bookings` and `booking_events` of a lead, oldest first."""
    planned = await session.exec(
        select(PlannedMessage)
        .where(col(PlannedMessage.lead_id) == lead_id)
        .order_by(col(PlannedMessage.send_at), col(PlannedMessage.id))
    )
    bookings = await session.exec(
        select(Booking).where(col(Booking.lead_id) == lead_id).order_by(col(Booking.id))
    )
    events = await session.exec(
        select(BookingEvent)
        .join(Booking, col(Booking.id) == col(BookingEvent.booking_id))
        .where(col(Booking.lead_id) == lead_id)
        .order_by(col(BookingEvent.id))
    )
    return {"planned": planned.all(), "bookings": bookings.all(), "booking_events": events.all()}
