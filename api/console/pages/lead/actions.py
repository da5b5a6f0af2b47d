"""What an operator does with a lead: take over, give back, reply, retry, note, do not contact."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlalchemy import Update, insert, update
from sqlmodel import col, select

from api.console.access import Operator
from api.console.pages.lead import rendering as lead_page
from api.console.pages.lead.locks import StaleError, check_seen, hand_to, locked_lead, record, to_lead
from api.console.pages.lead.rendering import Refusal
from api.dependencies import DatabaseDep, SettingsDep
from api.forms.body.text_cleaning import clean
from api.queries.filters import RowId
from shared.clock import utc_now
from shared.database.console_models import LEAD_VIEWS, LeadNote
from shared.database.models import Message
from shared.leads import handoff, requeue, suppression_list
from shared.leads.handoff import HandoffError
from shared.leads.requeue import RetryError
from shared.leads.suppression_list import SuppressedIdentity
from shared.statuses import LeadStatus

router = APIRouter(prefix="/leads/{lead_id}")

# Telegram's limit for a message.
MAX_TEXT = 4096
ANSWERING_FOR = timedelta(seconds=20)

Seen = Annotated[int, Form(ge=0, le=2**63 - 1)]
LongText = Annotated[str, Form(max_length=20_000)]


@router.post("/take-over")
async def take_over(
    request: Request, lead_id: RowId, database: DatabaseDep, settings: SettingsDep, user: Operator, seen: Seen
) -> Response:
    """The user continues the conversation; unsent messages of the assistant are cancelled."""
    try:
        async with locked_lead(database, lead_id) as (session, lead):
            await check_seen(session, lead, seen)
            await hand_to(session, lead, user, settings, utc_now())
    except StaleError:
        return await _refuse(request, database, user, lead_id, Refusal("stale"))
    except HandoffError as error:
        return await _refuse(request, database, user, lead_id, Refusal("refused", str(error)))
    return to_lead(request, lead_id)


@router.post("/give-back")
async def give_back(request: Request, lead_id: RowId, database: DatabaseDep, user: Operator) -> Response:
    """The assistant continues the conversation."""
    try:
        async with locked_lead(database, lead_id) as (session, lead):
            if lead.status is LeadStatus.HANDED_OFF:
                await handoff.return_to_assistant(
                    session, lead, reason="given back on request", actor=user.name, now=utc_now()
                )
    except HandoffError as error:
        return await _refuse(request, database, user, lead_id, Refusal("refused", str(error)))
    return to_lead(request, lead_id)


@router.post("/reply")
async def reply(
    request: Request,
    lead_id: RowId,
    database: DatabaseDep,
    settings: SettingsDep,
    user: Operator,
    seen: Seen,
    key: Annotated[str, Form(pattern="^[0-9a-f]{32}$")],
    text: LongText = "",
) -> Response:
    """Queue the text for the person, and take the conversation over.

    If the person or a colleague has written since the page was loaded, nothing is sent: 409.
    """
    now, text = utc_now(), clean(text).strip()
    if not 0 < len(text) <= MAX_TEXT:
        what = "too_long" if text else "no_text"
        return await _refuse(request, database, user, lead_id, Refusal(what, typed=text), status=422)
    try:
        async with locked_lead(database, lead_id) as (session, lead):
            # The key of the page's form: pressing twice sends once.
            full_key = f"{lead_id}:human:{key}"
            sent = await session.exec(select(Message.id).where(col(Message.key) == full_key))
            if sent.first() is None:
                await check_seen(session, lead, seen)
                await hand_to(session, lead, user, settings, now)
                message = await handoff.queue_human_message(session, lead, text, key=full_key, now=now)
                await record(session, lead_id, user, "reply", now, message.id)
                await lead_page.mark_seen(session, user.id, lead_id, message.id)
                await session.exec(_not_answering(user.id, lead_id))
    except StaleError:
        return await _refuse(request, database, user, lead_id, Refusal("stale", typed=text))
    except HandoffError as error:
        return await _refuse(request, database, user, lead_id, Refusal("refused", str(error), typed=text))
    return to_lead(request, lead_id)


@router.post("/answering", status_code=204)
async def answering(lead_id: RowId, database: DatabaseDep, user: Operator) -> None:
    """The user is typing: the others' pages say so for 20 seconds."""
    async with database.writing() as session:
        await session.exec(
            update(LEAD_VIEWS)
            .where(LEAD_VIEWS.c.user_id == user.id, LEAD_VIEWS.c.lead_id == lead_id)
            .values(answering_until=utc_now() + ANSWERING_FOR)
        )


@router.post("/retry")
async def try_again(request: Request, lead_id: RowId, database: DatabaseDep, user: Operator) -> Response:
    """Set an unreachable or failed lead back to `pending`."""
    try:
        async with locked_lead(database, lead_id) as (session, lead):
            await requeue.try_again(session, lead, actor=user.name, now=utc_now())
    except RetryError as error:
        return await _refuse(request, database, user, lead_id, Refusal("refused", str(error)))
    return to_lead(request, lead_id)


@router.post("/notes")
async def add_note(
    request: Request, lead_id: RowId, database: DatabaseDep, user: Operator, text: LongText = ""
) -> Response:
    """Store a note for the colleagues; it is never sent."""
    text = clean(text).strip()
    if not 0 < len(text) <= MAX_TEXT:
        what = "too_long" if text else "no_text"
        return await _refuse(request, database, user, lead_id, Refusal(what, note=text), status=422)
    async with locked_lead(database, lead_id) as (session, _lead):
        row = {"lead_id": lead_id, "author": user.name, "text": text, "created_at": utc_now()}
        await session.exec(insert(LeadNote).values(row))
    return to_lead(request, lead_id)


@router.post("/do-not-contact")
async def do_not_contact(request: Request, lead_id: RowId, database: DatabaseDep, user: Operator) -> Response:
    """Add all contacts of the lead to the suppression list: the worker writes to them no more."""
    now = utc_now()
    async with locked_lead(database, lead_id) as (session, lead):
        await suppression_list.add(
            session,
            SuppressedIdentity.of(lead),
            reason="on request",
            actor=user.name,
            now=now,
            lead_id=lead_id,
        )
        await record(session, lead_id, user, "do_not_contact", now)
    return to_lead(request, lead_id)


def _not_answering(user_id: int, lead_id: int) -> Update:
    return (
        update(LEAD_VIEWS)
        .where(LEAD_VIEWS.c.user_id == user_id, LEAD_VIEWS.c.lead_id == lead_id)
        .values(answering_until=None)
    )


async def _refuse(
    request: Request,
    database: DatabaseDep,
    user: Operator,
    lead_id: int,
    refusal: Refusal,
    *,
    status: int = 409,
) -> Response:
    return await lead_page.render(request, database, user, lead_id, status=status, refusal=refusal)
