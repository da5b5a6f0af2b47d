"""Drafts: with MODE=drafts, each message of the assistant waits here for approval."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Body, Depends, HTTPException, Query
from fastapi.openapi.models import Example
from sqlalchemy import literal_column, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import DatabaseDep
from api.queries.filters import RowId
from api.schemas import examples
from api.schemas.models import DraftOut, HumanMessageIn, MessageOut
from api.security.tokens import require_api_token
from shared.clock import utc_now
from shared.database.models import LEADS, MESSAGES, Lead, Message
from shared.leads import handoff
from shared.leads.message_ids import new_random_id
from shared.logging_setup import size

logger = logging.getLogger(__name__)

ACTOR = "api"
OTHER_TEXT: Final = {"other text": Example(summary="Send another text", value=examples.HUMAN_MESSAGE)}
REJECTED = "the draft was rejected"

router = APIRouter(
    prefix="/drafts",
    tags=["leads"],
    dependencies=[Depends(require_api_token)],
    responses={**examples.UNAUTHORIZED, **examples.UNPROCESSABLE, **examples.UNAVAILABLE},
)
ONE_DRAFT: examples.Responses = {
    404: examples.problem("There is no such message.", "there is no draft 1"),
    409: examples.problem("The message is no longer a draft.", "the message is cancelled: new words came …"),
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
    now = utc_now()
    async with database.writing() as session:
        lead, message = await _lock_draft(session, message_id)
        if message.state == "draft":
            await _queue(session, lead, message, replacement.text if replacement else message.text, now)
        elif message.state not in {"queued", "sent"}:
            raise _not_a_draft(message)
        await session.refresh(message)
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
    async with database.writing() as session:
        lead, message = await _lock_draft(session, message_id)
        if message.state == "draft":
            # The person's messages are still unanswered: after a release, the assistant has to answer them.
            await handoff.reopen_unanswered(session, lead, include_classified=True)
            await handoff.hand_to_human(session, lead, reason=REJECTED, actor=ACTOR, now=utc_now())
        elif message.state != "cancelled":
            raise _not_a_draft(message)
        await session.refresh(message)
        return MessageOut.model_validate(message)


async def _lock_draft(session: AsyncSession, message_id: int) -> tuple[Lead, Message]:
    """Lock the message's lead, then load both; raises 404 if there is no such message."""
    found = await session.get(Message, message_id)
    lead = await handoff.lock(session, found.lead_id) if found else None
    if lead is None or found is None:
        raise HTTPException(404, f"there is no draft {message_id}")
    await session.refresh(found)
    return lead, found


async def _queue(session: AsyncSession, lead: Lead, message: Message, text: str, now: datetime) -> None:
    await session.exec(
        update(MESSAGES)
        .where(MESSAGES.c.id == message.id)
        .values(state="queued", random_id=new_random_id(), text=text)
    )
    await session.exec(update(LEADS).where(LEADS.c.id == lead.id).values(due_at=now, updated_at=now))


def _not_a_draft(message: Message) -> HTTPException:
    why = f": {message.error}" if message.error else ""
    return HTTPException(409, f"the message is {message.state}{why}")


async def _last_incoming_text(session: AsyncSession, lead_id: int) -> str | None:
    found = await session.exec(
        select(Message.text)
        .where(col(Message.lead_id) == lead_id, col(Message.direction) == "in")
        .order_by(col(Message.id).desc())
        .limit(1)
    )
    return found.first()
