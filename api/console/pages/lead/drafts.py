"""Approves, edits and rejects the assistant's drafts."""

from typing import Annotated

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import Response

from api.console.access import Operator
from api.console.pages.lead import rendering as lead_page
from api.console.pages.lead.actions import MAX_TEXT, LongText, Seen
from api.console.pages.lead.locks import StaleError, check_seen, record, to_lead
from api.console.pages.lead.rendering import Refusal
from api.dependencies import DatabaseDep
from api.forms.body.text_cleaning import clean
from api.queries.filters import RowId
from shared.clock import utc_now
from shared.leads import drafts
from shared.leads.drafts import DraftError
from shared.leads.handoff import HandoffError

router = APIRouter(prefix="/drafts/{message_id}")


@router.post("/approve")
async def approve(
    request: Request,
    message_id: RowId,
    database: DatabaseDep,
    user: Operator,
    seen: Seen,
    lead: Annotated[int, Form(ge=1)],
    text: LongText = "",
) -> Response:
    """Send the draft with the text of the form, unless the person has written since: 409."""
    now, text = utc_now(), clean(text).strip()
    if not 0 < len(text) <= MAX_TEXT:
        refusal = Refusal("too_long" if text else "no_text")
        return await lead_page.render(request, database, user, lead, status=422, refusal=refusal)
    try:
        async with database.writing() as session:
            locked = await drafts.lock_draft(session, message_id)
            if locked is None or locked[0].id != lead:
                raise HTTPException(404, f"there is no draft {message_id}")
            row, message = locked
            is_first = message.state == "draft"
            await check_seen(session, row, seen)
            is_edited = is_first and text != message.text
            await drafts.approve(session, row, message, text, now=now)
            if is_first:
                action = "approve_edited" if is_edited else "approve"
                await record(session, lead, user, action, now, message_id)
    except (StaleError, DraftError) as error:
        refusal = Refusal("stale" if isinstance(error, StaleError) else "refused", str(error), typed=text)
        return await lead_page.render(request, database, user, lead, status=409, refusal=refusal)
    return to_lead(request, lead)


@router.post("/reject")
async def reject(request: Request, message_id: RowId, database: DatabaseDep, user: Operator) -> Response:
    """Cancel the draft; the conversation is handed off to a human."""
    now = utc_now()
    lead_id = 0
    try:
        async with database.writing() as session:
            locked = await drafts.lock_draft(session, message_id)
            if locked is None:
                raise HTTPException(404, f"there is no draft {message_id}")
            lead, message = locked
            lead_id = lead.id
            if message.state == "draft":
                await record(session, lead_id, user, "reject", now, message_id)
            await drafts.reject(session, lead, message, actor=user.name, now=now)
    except (DraftError, HandoffError) as error:
        refusal = Refusal("refused", str(error))
        return await lead_page.render(request, database, user, lead_id, status=409, refusal=refusal)
    return to_lead(request, lead_id)
