"""A booking that a human enters: "booked at 15:00 on Friday"."""

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from shared.bookings.booking_store import record
from shared.bookings.changes import HUMAN, BookingChange, Kind
from shared.database.models import Booking, Lead


async def book(
    session: AsyncSession,
    lead: Lead,
    *,
    start: datetime | None,
    end: datetime | None = None,
    url: str | None = None,
    actor: str,
    now: datetime,
) -> None:
    """Book a meeting of a locked lead, or move the one that a human has entered; None cancels it.

    A meeting that a scheduler reported is moved and cancelled there.
    """
    kind: Kind
    current = await entered(session, lead.id)
    if start is None and current is None:
        return
    if current is not None and (current.start_at, current.end_at, current.url) == (start, end, url):
        # The same call again.
        return
    if current is None:
        count = len((await session.exec(_by_hand(lead.id))).all())
        kind, name = "created", f"{lead.id}:{count + 1}"
    else:
        kind, name = "cancelled" if start is None else "changed", current.external_id
    change = BookingChange(
        HUMAN,
        kind,
        name,
        f"{HUMAN}:{kind}:{name}:{now.isoformat()}",
        now,
        start=start,
        end=end,
        url=url,
        cancelled_by="host" if start is None else None,
    )
    await record(session, change, now=now, actor=actor, lead_id=lead.id)
    await session.refresh(lead)


async def entered(session: AsyncSession, lead_id: int) -> Booking | None:
    """Return the meeting that a human has entered for a lead, if there is one now."""
    rows = _by_hand(lead_id).where(col(Booking.state) == "booked").order_by(col(Booking.id).desc())
    return (await session.exec(rows.limit(1))).first()


def _by_hand(lead_id: int) -> SelectOfScalar[Booking]:
    return select(Booking).where(col(Booking.source) == HUMAN, col(Booking.lead_id) == lead_id)
