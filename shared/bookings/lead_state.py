"""Applies the bookings of a lead to the lead: its meeting, its status, and what is planned."""

from datetime import datetime

from sqlalchemy import insert, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.bookings import planning
from shared.bookings.reminders import BOOKING_CHANGED, LeadBookings
from shared.database.models import EVENTS, LEADS, Booking, Lead
from shared.leads import handoff, plans
from shared.leads.handoff import HandoffError
from shared.leads.transitions import change_status, transition
from shared.statuses import NOT_GREETED, OPEN, LeadStatus, may_become

_S = LeadStatus
BOOKED_FIRST = "booked a meeting before the first message"


async def apply(session: AsyncSession, lead: Lead, *, actor: str, now: datetime) -> None:
    """Make a locked lead agree with its bookings: meeting_at, meeting_url, the status, planned messages."""
    found = (await planning.load_bookings(session, [lead.id], now))[lead.id]
    meeting = found.meeting
    await session.exec(
        update(LEADS)
        .where(LEADS.c.id == lead.id)
        .values(
            meeting_at=meeting.start_at if meeting else None,
            meeting_url=meeting.url if meeting else None,
            updated_at=now,
        )
    )
    await _move(session, lead, found, actor=actor, now=now)
    await session.refresh(lead)
    await _plan(session, lead, found, actor=actor, now=now)
    await session.refresh(lead)


async def _move(session: AsyncSession, lead: Lead, found: LeadBookings, *, actor: str, now: datetime) -> None:
    if found.is_booked and lead.status is not _S.BOOKED:
        await _move_to_booked(session, lead, actor=actor, now=now)
    elif not found.is_booked and lead.status is _S.BOOKED:
        if await _has_moved_to_own_lead(session, lead):
            # The same person has the meeting under another request: nothing was cancelled.
            return
        if await _is_open_elsewhere(session, lead):
            await handoff.hand_to_human(
                session, lead, reason="the meeting was cancelled", actor=actor, now=now
            )
            return
        reason = "the meeting was cancelled"
        await change_status(session, lead, _S.SCHEDULED, reason=reason, actor=actor, now=now)


async def _move_to_booked(session: AsyncSession, lead: Lead, *, actor: str, now: datetime) -> None:
    if lead.status is _S.HANDED_OFF:
        # A human has the conversation. They see the meeting; the assistant does not take it from them.
        return
    if lead.status in NOT_GREETED:
        # A person who has booked is not asked for a call.
        try:
            await handoff.hand_to_human(session, lead, reason=BOOKED_FIRST, actor=actor, now=now)
        except HandoffError:
            return
        return
    path = _path_to_booked(lead.status)
    for target in path:
        columns, event = transition(lead, target, reason="a meeting was booked", actor=actor, now=now)
        await session.exec(insert(EVENTS).values(event))
        if target is _S.BOOKED:
            await session.exec(update(LEADS).where(LEADS.c.id == lead.id).values(columns))
        # Only in memory: `scheduled` is never stored on the way, since another lead may be open.
        lead = lead.model_copy(update={"status": target})


def _path_to_booked(status: LeadStatus) -> tuple[LeadStatus, ...]:
    """Return the statuses on the way from `status` to `booked`; none if there is no way."""
    if may_become(status, _S.BOOKED):
        return (_S.BOOKED,)
    return (_S.SCHEDULED, _S.BOOKED) if may_become(status, _S.SCHEDULED) else ()


async def _has_moved_to_own_lead(session: AsyncSession, lead: Lead) -> bool:
    """Return True if the last booking of the lead was moved to another lead of the same person."""
    own = select(Booking).where(col(Booking.lead_id) == lead.id)
    newest = own.order_by(col(Booking.created_at).desc(), col(Booking.id).desc()).limit(1)
    last = (await session.exec(newest)).first()
    if last is None or last.state != "moved" or lead.telegram_user_id is None:
        return False
    is_next = or_(col(Booking.external_id) == last.moved_to, col(Booking.moved_from) == last.external_id)
    others = await session.exec(
        select(Lead.id)
        .join(Booking, col(Booking.lead_id) == col(Lead.id))
        .where(
            col(Booking.source) == last.source,
            is_next,
            col(Lead.telegram_user_id) == lead.telegram_user_id,
            col(Lead.id) != lead.id,
        )
    )
    return others.first() is not None


async def _is_open_elsewhere(session: AsyncSession, lead: Lead) -> bool:
    others = await session.exec(
        select(Lead.id).where(
            col(Lead.account_id) == lead.account_id,
            col(Lead.telegram_user_id) == lead.telegram_user_id,
            col(Lead.status).in_(OPEN),
            col(Lead.id) != lead.id,
        )
    )
    return others.first() is not None


async def _plan(session: AsyncSession, lead: Lead, found: LeadBookings, *, actor: str, now: datetime) -> None:
    plan = (await planning.load_plans(session, {lead.id: (lead.status, found)}, now))[lead.id]
    if plan.outdated:
        await plans.cancel(session, lead.id, only=plan.outdated, reason=BOOKING_CHANGED, actor=actor, now=now)
    if found.is_booked:
        await plans.cancel(
            session, lead.id, kinds=plans.FOLLOW_UPS, reason="a meeting was booked", actor=actor, now=now
        )
    await plans.add(session, plan.missing)
    await plans.refresh(session, lead.id, now=now)
