"""Drafts: with MODE=drafts, each message of the assistant waits here for approval."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Final

from fastapi import APIRouter, Body, Depends, HTTPException, Query
from fastapi.openapi.models import Example
from sqlalchemy import literal_column
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import DatabaseDep
from api.queries.filters import RowId
from api.schemas import examples
from api.schemas.models import DraftOut, HumanMessageIn, MessageOut
from api.security.tokens import require_api_token
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.leads import drafts
from shared.leads.drafts import DraftError
from shared.leads.handoff import HandoffError
from shared.logging_setup import size

logger = logging.getLogger(__name__)

ACTOR = "api"
OTHER_TEXT: Final = {"other text": Example(summary="Send another text", value=examples.HUMAN_MESSAGE)}

router = APIRouter(
    prefix="/drafts",
    tags=["leads"],
    dependencies=[Depends(require_api_token)],
    responses={**examples.UNAUTHORIZED, **examples.UNPROCESSABLE, **examples.UNAVAILABLE},
)
ONE_DRAFT: examples.Responses = {
    404: examples.problem("There is no such message.", "there is no draft 1"),
    409: examples.problem(
        "The message is not a draft, or no longer one.", "the message is cancelled: new words came …"
    ),
}


@router.get("", summary="List drafts", response_description="The oldest drafts first.")
async def list_drafts(
    database: DatabaseDep, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[DraftOut]:
    """The messages that wait for approval, each with the person's last message. If the person writes again,
    a new draft that answers all their messages replaces the old one."""
    async with database.reading() as session:
        return [
            DraftOut(
                **MessageOut.model_validate(message).model_dump(),
                lead_id=message.lead_id,
                lead_name=lead.name,
                last_words=await _last_incoming_text(session, message.lead_id),
            )
            for message, lead in await load_drafts(session, limit)
        ]


async def load_drafts(session: AsyncSession, limit: int = 50) -> Sequence[tuple[Message, Lead]]:
    """Return the oldest drafts with their leads."""
    found = await session.exec(
        select(Message, Lead)
        .join(Lead, col(Message.lead_id) == col(Lead.id))
        # A literal, as in the condition of the partial index: drafts are few among all messages.
        .where(col(Message.state) == literal_column("'draft'"))
        .order_by(col(Message.id))
        .limit(limit)
    )
    return found.all()


@router.post(
    "/{message_id}/approve",
    summary="Send a draft",
    response_description="The message, now `queued`: the worker sends it immediately.",
    responses={**ONE_DRAFT, **examples.BODY_REFUSED},
)
async def approve(
    message_id: RowId,
    database: DatabaseDep,
    replacement: Annotated[HumanMessageIn | None, Body(openapi_examples=OTHER_TEXT)] = None,
) -> MessageOut:
    """Send the draft unchanged, or send the text of the body instead. Repeating the call changes nothing."""
    text = replacement.text if replacement else None
    async with _locked_draft(database, message_id) as (session, lead, message):
        await drafts.approve(session, lead, message, text, now=utc_now())
    logger.info("lead %s: a draft was approved (%s)", lead.id, size(message.text))
    return MessageOut.model_validate(message)


@router.post(
    "/{message_id}/reject",
    summary="Reject a draft",
    response_description="The message, now `cancelled`; its lead is `handed_off`.",
    responses=ONE_DRAFT,
)
async def reject(message_id: RowId, database: DatabaseDep) -> MessageOut:
    """The draft is not sent, and the conversation is handed off to you. Answer with `/leads/{id}/reply`, or
    get a new draft with `/leads/{id}/release`."""
    async with _locked_draft(database, message_id) as (session, lead, message):
        await drafts.reject(session, lead, message, actor=ACTOR, now=utc_now())
        return MessageOut.model_validate(message)


@asynccontextmanager
async def _locked_draft(
    database: Database, message_id: int
) -> AsyncIterator[tuple[AsyncSession, Lead, Message]]:
    """Yield the draft and its locked lead, and commit afterwards; raises 404 and 409."""
    try:
        async with database.writing() as session:
            locked = await drafts.lock_draft(session, message_id)
            if locked is None:
                raise HTTPException(404, f"there is no draft {message_id}")
            yield session, *locked
    except (DraftError, HandoffError) as refusal:
        raise HTTPException(409, str(refusal)) from None


async def _last_incoming_text(session: AsyncSession, lead_id: int) -> str | None:
    found = await session.exec(
        select(Message.text)
        .where(col(Message.lead_id) == lead_id, col(Message.direction) == "in")
        .order_by(col(Message.id).desc())
        .limit(1)
    )
    return found.first()
