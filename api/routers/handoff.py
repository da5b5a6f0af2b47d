"""A human takes a conversation over, writes in it, and gives it back."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.responses import Response
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import DatabaseDep, SettingsDep, require_api_token
from api.forms.text_cleaning import one_line
from api.queries.filters import RowId
from api.schemas import examples
from api.schemas.models import MESSAGE_OUT, HumanMessageIn, LeadOut, MessageOut
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
            "It cannot change hands now.", "the lead is failed: there is no conversation to take over"
        ),
        **examples.UNPROCESSABLE,
        **examples.UNAVAILABLE,
    },
)


@router.post(
    "/{lead_id}/takeover",
    summary="Take a conversation over",
    response_description="The lead, `handed_off`: the assistant is silent from now on.",
)
async def take_over(lead_id: RowId, database: DatabaseDep, settings: SettingsDep) -> LeadOut:
    """A human goes on with this person. What the assistant was about to say is taken back, and
    `handoff_summary` tells what the conversation was about. Again: the lead as it is."""
    async with _held(database, lead_id) as (session, lead):
        await _take(session, lead, settings)
        return LeadOut.model_validate(lead)


@router.post(
    "/{lead_id}/release",
    summary="Give a conversation back",
    response_description="The lead: the assistant answers again.",
)
async def release(lead_id: RowId, database: DatabaseDep) -> LeadOut:
    """The assistant goes on where it stood. What the person wrote meanwhile and nobody answered is
    answered now. A lead that no human has stays as it is."""
    async with _held(database, lead_id) as (session, lead):
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
    response_description="The message, `queued`: the worker sends it at once.",
    responses={200: {"model": MessageOut, "description": "It was taken before."}, **examples.BODY_REFUSED},
)
async def reply(
    lead_id: RowId,
    words: HumanMessageIn,
    database: DatabaseDep,
    settings: SettingsDep,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=255, description="The same key again: the message that was taken first, with 200."),
    ] = None,
) -> Response:
    """Your words, sent from the agency's account as they are. The conversation is yours from then on, as
    after `takeover`."""
    given = one_line(idempotency_key or "") or uuid4().hex
    key = f"{lead_id}:human:{given}"
    async with _held(database, lead_id) as (session, lead):
        message = await _earlier(session, key)
        created = message is None
        if message is None:
            await _take(session, lead, settings)
            message = await handoff.queue_human_message(session, lead, words.text, key=key, now=utc_now())
        elif message.text != words.text:
            raise HTTPException(409, "this Idempotency-Key came with another text before")
    logger.info(
        "lead %s: a human's words %s (%s)", lead_id, "taken" if created else "again", size(words.text)
    )
    body = MESSAGE_OUT.dump_json(MESSAGE_OUT.validate_python(message))
    return Response(body, 201 if created else 200, media_type="application/json")


@asynccontextmanager
async def _held(database: Database, lead_id: int) -> AsyncIterator[tuple[AsyncSession, Lead]]:
    """The lead, locked in a transaction that is committed in the end; 404 and 409 as they apply."""
    try:
        async with database.writing() as session:
            lead = await handoff.lock(session, lead_id)
            if lead is None:
                raise HTTPException(404, f"there is no lead {lead_id}")
            yield session, lead
    except HandoffError as refusal:
        raise HTTPException(409, str(refusal)) from None


async def _take(session: AsyncSession, lead: Lead, settings: ApiSettings) -> None:
    now = utc_now()
    returns_at = now + settings.takeover_lasts if settings.takeover_lasts else None
    reason = "taken over on request"
    await handoff.hand_to_human(session, lead, reason=reason, actor=ACTOR, now=now, returns_at=returns_at)


async def _earlier(session: AsyncSession, key: str) -> Message | None:
    found = await session.exec(select(Message).where(col(Message.key) == key))
    return found.one_or_none()
