"""A human takes a conversation over, writes messages in it, and returns it to the assistant."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.responses import Response
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import DatabaseDep, SettingsDep
from api.forms.body.text_cleaning import one_line
from api.queries.filters import RowId
from api.schemas import examples
from api.schemas.models import MESSAGE_OUT, HumanMessageIn, LeadOut, MessageOut
from api.security.tokens import require_api_token
from api.settings import ApiSettings
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.leads import handoff
from shared.leads.handoff import HandoffError
from shared.logging_setup import size
from shared.statuses import LeadStatus

logger = logging.getLogger(__name__)

ACTOR = "api"

router = APIRouter(
    prefix="/leads",
    tags=["leads"],
    dependencies=[Depends(require_api_token)],
    responses={
        **examples.UNAUTHORIZED,
        **examples.NOT_FOUND,
        409: examples.problem(
            "This is not possible in the lead's status.",
            "the lead is failed: there is no conversation to take over",
        ),
        **examples.UNPROCESSABLE,
        **examples.UNAVAILABLE,
    },
)


@router.post(
    "/{lead_id}/takeover",
    summary="Take over a conversation",
    response_description="The lead, now `handed_off`: the assistant writes no more messages.",
)
async def take_over(lead_id: RowId, database: DatabaseDep, settings: SettingsDep) -> LeadOut:
    """A human continues the conversation. Unsent messages of the assistant are cancelled. `handoff_summary`
    summarises the conversation. Repeating the call changes nothing."""
    async with _locked_lead(database, lead_id) as (session, lead):
        await _hand_to_human(session, lead, settings)
        return LeadOut.model_validate(lead)


@router.post(
    "/{lead_id}/release",
    summary="Return a conversation to the assistant",
    response_description="The lead: the assistant answers again.",
)
async def release(lead_id: RowId, database: DatabaseDep) -> LeadOut:
    """The assistant continues the conversation, and answers the messages that are still unanswered. A lead
    that is not `handed_off` is not changed."""
    async with _locked_lead(database, lead_id) as (session, lead):
        if lead.status is LeadStatus.HANDED_OFF:
            await handoff.return_to_assistant(
                session, lead, reason="given back on request", actor=ACTOR, now=utc_now()
            )
        return LeadOut.model_validate(lead)


@router.post(
    "/{lead_id}/reply",
    status_code=201,
    summary="Write to the person as a human",
    response_model=MessageOut,
    response_description="The message, now `queued`: the worker sends it immediately.",
    responses={
        200: {"model": MessageOut, "description": "The message was queued before."},
        **examples.BODY_REFUSED,
    },
)
async def reply(
    lead_id: RowId,
    message_in: HumanMessageIn,
    database: DatabaseDep,
    settings: SettingsDep,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=255, description="A repeated key returns the first message with 200."),
    ] = None,
) -> Response:
    """Send your text unchanged from the agency's account. This also takes the conversation over, as
    `takeover` does."""
    key = f"{lead_id}:human:{one_line(idempotency_key or '') or uuid4().hex}"
    async with _locked_lead(database, lead_id) as (session, lead):
        message = await _message_with_key(session, key)
        created = message is None
        if message is None:
            await _hand_to_human(session, lead, settings)
            message = await handoff.queue_human_message(
                session, lead, message_in.text, key=key, now=utc_now()
            )
        elif message.text != message_in.text:
            raise HTTPException(409, "this Idempotency-Key came with another text before")
    logger.info(
        "lead %s: a human's message is %s (%s)",
        lead_id,
        "queued" if created else "a repeat",
        size(message_in.text),
    )
    body = MESSAGE_OUT.dump_json(MESSAGE_OUT.validate_python(message))
    return Response(body, 201 if created else 200, media_type="application/json")


@asynccontextmanager
async def _locked_lead(database: Database, lead_id: int) -> AsyncIterator[tuple[AsyncSession, Lead]]:
    """Yield the locked lead and commit afterwards; raises 404 if there is none, 409 for a HandoffError."""
    try:
        async with database.writing() as session:
            lead = await handoff.lock(session, lead_id)
            if lead is None:
                raise HTTPException(404, f"there is no lead {lead_id}")
            yield session, lead
    except HandoffError as refusal:
        raise HTTPException(409, str(refusal)) from None


async def _hand_to_human(session: AsyncSession, lead: Lead, settings: ApiSettings) -> None:
    now = utc_now()
    returns_at = now + settings.takeover_lasts if settings.takeover_lasts else None
    reason = "taken over on request"
    await handoff.hand_to_human(session, lead, reason=reason, actor=ACTOR, now=now, returns_at=returns_at)


async def _message_with_key(session: AsyncSession, key: str) -> Message | None:
    found = await session.exec(select(Message).where(col(Message.key) == key))
    return found.one_or_none()
