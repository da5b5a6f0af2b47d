"""Bookings that match no lead: shown on the overview, and tied to a lead by a user."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import Response
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.console.access import Operator
from api.console.cache import cache_of
from api.console.pages.lead.locks import record, to_lead
from api.dependencies import DatabaseDep
from api.queries.filters import RowId
from shared.bookings.booking_store import tie
from shared.clock import utc_now
from shared.database.models import Booking

router = APIRouter(prefix="/bookings/{booking_id}")

_RECENT = timedelta(days=14)
_MOST = 20


async def load_unmatched(session: AsyncSession, now: datetime) -> Sequence[Booking]:
    """Return the newest bookings of the last days that belong to no lead and still stand."""
    rows = select(Booking).where(
        col(Booking.lead_id).is_(None),
        col(Booking.state) == "booked",
        col(Booking.created_at) > now - _RECENT,
    )
    return (await session.exec(rows.order_by(col(Booking.id).desc()).limit(_MOST))).all()


@router.post("/lead")
async def tie_to_lead(
    booking_id: RowId,
    request: Request,
    database: DatabaseDep,
    user: Operator,
    lead: Annotated[int, Form(ge=1, le=2**63 - 1)],
) -> Response:
    """Tie a booking to a lead: it becomes booked, and its reminders are planned."""
    now = utc_now()
    async with database.writing() as session:
        booking = await session.get(Booking, booking_id)
        if booking is None:
            raise HTTPException(404, f"there is no booking {booking_id}")
        if booking.lead_id is None:
            if await tie(session, booking, lead, actor=user.name, now=now) is None:
                raise HTTPException(404, f"there is no lead {lead}")
            await session.refresh(booking)
        if booking.lead_id != lead:
            raise HTTPException(409, f"booking {booking_id} belongs to lead {booking.lead_id}")
        await record(session, lead, user, "booked", now)
    cache_of(request.app).forget("state")
    return to_lead(request, lead)
