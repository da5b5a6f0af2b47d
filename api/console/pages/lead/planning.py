"""Meetings and later messages that a user enters: mark as booked, not booked, write later, do not write."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import Response
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from api.console.access import Operator
from api.console.pages.lead import rendering as lead_page
from api.console.pages.lead.locks import locked_lead, record, to_lead
from api.console.pages.lead.rendering import Refusal
from api.dependencies import DatabaseDep
from api.queries.filters import RowId
from shared.bookings import by_hand, changes
from shared.clock import utc_now
from shared.database.models import Message
from shared.leads import plans, suppression_list
from shared.leads.suppression_list import SuppressedIdentity
from shared.statuses import FOLLOWED_UP

router = APIRouter(prefix="/leads/{lead_id}")

# A meeting may be entered after it has begun; a message is planned for the future.
_PAST = timedelta(days=1)
_FUTURE = timedelta(days=366)
_MEETING_LASTS = timedelta(minutes=30)

# As browsers send a field of the type datetime-local, with the browser's difference to UTC in minutes.
LocalTime = Annotated[datetime, Form()]
Offset = Annotated[int, Form(ge=-18 * 60, le=18 * 60)]
Link = Annotated[str, Form(max_length=500)]


@router.post("/booked")
async def mark_as_booked(
    request: Request,
    lead_id: RowId,
    database: DatabaseDep,
    user: Operator,
    at: LocalTime,
    offset: Offset = 0,
    url: Link = "",
) -> Response:
    """Store a meeting that was agreed elsewhere; a second one replaces the first."""
    now, start, url = utc_now(), _utc(at, offset), url.strip()
    is_link = not url or changes.url(url) is not None
    if not is_link or start is None or not now - _PAST < start < now + _FUTURE:
        refusal = Refusal("no_time" if is_link else "no_link")
        return await lead_page.render(request, database, user, lead_id, status=422, refusal=refusal)
    async with locked_lead(database, lead_id) as (session, lead):
        end = start + _MEETING_LASTS
        await by_hand.book(session, lead, start=start, end=end, url=url or None, actor=user.name, now=now)
        await record(session, lead_id, user, "booked", now)
    return to_lead(request, lead_id)


@router.post("/not-booked")
async def mark_as_not_booked(
    lead_id: RowId, request: Request, database: DatabaseDep, user: Operator
) -> Response:
    """Cancel the meeting that a user has entered."""
    now = utc_now()
    async with locked_lead(database, lead_id) as (session, lead):
        if await by_hand.entered(session, lead_id) is None:
            raise HTTPException(404, "no user has entered a meeting")
        await by_hand.book(session, lead, start=None, actor=user.name, now=now)
        await record(session, lead_id, user, "not_booked", now)
    return to_lead(request, lead_id)


@router.post("/later")
async def write_later(
    request: Request,
    lead_id: RowId,
    database: DatabaseDep,
    user: Operator,
    at: LocalTime,
    offset: Offset = 0,
) -> Response:
    """Have the assistant write again at a time; an earlier wish for another time is replaced."""
    now, send_at = utc_now(), _utc(at, offset)
    if send_at is None or not now < send_at < now + _FUTURE:
        refusal = Refusal("no_time")
        return await lead_page.render(request, database, user, lead_id, status=422, refusal=refusal)
    refusal = Refusal("refused")
    async with locked_lead(database, lead_id) as (session, lead):
        listed = (await suppression_list.find_entries(session, [SuppressedIdentity.of(lead)]))[0]
        may_follow_up = lead.status in FOLLOWED_UP and not listed
        if may_follow_up:
            newest = (await session.exec(_newest_message(lead_id))).one() or 0
            await plans.request(session, lead_id, send_at, after_message_id=newest, actor=user.name, now=now)
            await plans.refresh(session, lead_id, now=now)
            await record(session, lead_id, user, "later", now)
    if not may_follow_up:
        return await lead_page.render(request, database, user, lead_id, status=409, refusal=refusal)
    return to_lead(request, lead_id)


@router.post("/not-later")
async def do_not_write_later(
    request: Request, lead_id: RowId, database: DatabaseDep, user: Operator
) -> Response:
    """Take the wish for a later message back."""
    now = utc_now()
    async with locked_lead(database, lead_id) as (session, _lead):
        reason = "the wish was taken back"
        await plans.cancel(session, lead_id, reason=reason, actor=user.name, now=now, kinds={"requested"})
        await plans.refresh(session, lead_id, now=now)
        await record(session, lead_id, user, "not_later", now)
    return to_lead(request, lead_id)


def _utc(at: datetime, offset: int) -> datetime | None:
    """Return the time in UTC; `offset`: what the browser adds to its local time, as in JavaScript.

    None for a time at the edge of what can be represented.
    """
    try:
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC) + timedelta(minutes=offset)
    except OverflowError:
        return None


def _newest_message(lead_id: int) -> SelectOfScalar[int]:
    return select(func.max(col(Message.id))).where(col(Message.lead_id) == lead_id)
