"""With MODE=drafts everything the assistant writes waits here for a human's word."""

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Body, Depends, HTTPException, Query
from fastapi.openapi.models import Example
from sqlalchemy import literal_column, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.dependencies import DatabaseDep, require_api_token
from api.queries.filters import RowId
from api.schemas import examples
from api.schemas.models import DraftOut, HumanMessageIn, MessageOut
from shared.clock import utc_now
from shared.database.models import Lead, Message
from shared.leads import handoff
from shared.leads.message_ids import new_random_id
from shared.logging_setup import size

logger = logging.getLogger(__name__)

ACTOR = "api"
OTHER_WORDS: Final = {"other words": Example(summary="In other words", value=examples.WORDS)}
REJECTED = "the draft was rejected"

router = APIRouter(
    prefix="/drafts",
    tags=["leads"],
    dependencies=[Depends(require_api_token)],
    responses={**examples.UNAUTHORIZED, **examples.UNPROCESSABLE, **examples.UNAVAILABLE},
)
ONE_DRAFT: examples.Responses = {
    404: examples.problem("There is no such message.", "there is no draft 1"),
    409: examples.problem("It is no draft any more.", "the message is cancelled: new words came …"),
}


@router.get("", summary="List drafts", response_description="The longest waiting first.")
async def list_drafts(
    database: DatabaseDep, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> list[DraftOut]:
    """What waits for approval, each with the person's last words. When they write on, the draft is
    replaced by a new one that answers all of it."""
    async with database.reading() as session:
        return [
            DraftOut(
                **MessageOut.model_validate(message).model_dump(),
                lead_id=message.lead_id,
                lead_name=lead.name,
                last_words=await _last_words(session, message.lead_id),
            )
            for message, lead in await waiting(session, limit)
        ]


async def waiting(session: AsyncSession, limit: int = 50) -> Sequence[tuple[Message, Lead]]:
    """The drafts that wait the longest, and whose they are."""
    found = await session.exec(
        select(Message, Lead)
        .join(Lead, col(Message.lead_id) == col(Lead.id))
        # Spelled out as in the index of drafts, which are few among all messages.
        .where(col(Message.state) == literal_column("'draft'"))
        .order_by(col(Message.id))
        .limit(limit)
    )
    return found.all()


@router.post(
    "/{message_id}/approve",
    summary="Send a draft",
    response_description="The message, `queued`: the worker sends it at once.",
    responses={**ONE_DRAFT, **examples.BODY_REFUSED},
)
async def approve(
    message_id: RowId,
    database: DatabaseDep,
    words: Annotated[HumanMessageIn | None, Body(openapi_examples=OTHER_WORDS)] = None,
) -> MessageOut:
    """As it is, or with the text of the body in its place. Again: the message as it is."""
    now = utc_now()
    async with database.writing() as session:
        lead, message = await _draft(session, message_id)
        if message.state == "draft":
            await _release(session, lead, message, words.text if words else message.text, now)
        elif message.state not in {"queued", "sent"}:
            raise _over(message)
        await session.refresh(message)
    logger.info("lead %s: a draft is approved (%s)", lead.id, size(message.text))
    return MessageOut.model_validate(message)


@router.post(
    "/{message_id}/reject",
    summary="Reject a draft",
    response_description="The message, `cancelled`; its lead is `handed_off`.",
    responses=ONE_DRAFT,
)
async def reject(message_id: RowId, database: DatabaseDep) -> MessageOut:
    """It is not sent, and the conversation is yours: answer with `/leads/{id}/reply`, or give it back with
    `/leads/{id}/release` for a new draft."""
    async with database.writing() as session:
        lead, message = await _draft(session, message_id)
        if message.state == "draft":
            # A human has read these words: given back unanswered, they are the assistant's again.
            await handoff.reopen_unanswered(session, lead, understood=True)
            await handoff.hand_to_human(session, lead, reason=REJECTED, actor=ACTOR, now=utc_now())
        elif message.state != "cancelled":
            raise _over(message)
        await session.refresh(message)
        return MessageOut.model_validate(message)


async def _draft(session: AsyncSession, message_id: int) -> tuple[Lead, Message]:
    """The message as it is while its lead is locked; 404 if there is none."""
    found = await session.get(Message, message_id)
    lead = await handoff.lock(session, found.lead_id) if found else None
    if lead is None or found is None:
        raise HTTPException(404, f"there is no draft {message_id}")
    await session.refresh(found)
    return lead, found


async def _release(session: AsyncSession, lead: Lead, message: Message, text: str, now: datetime) -> None:
    await session.exec(
        update(Message)
        .where(col(Message.id) == message.id)
        .values(state="queued", random_id=new_random_id(), text=text)
        .execution_options(synchronize_session=False)
    )
    await session.exec(
        update(Lead)
        .where(col(Lead.id) == lead.id)
        .values(due_at=now, updated_at=now)
        .execution_options(synchronize_session=False)
    )


def _over(message: Message) -> HTTPException:
    why = f": {message.error}" if message.error else ""
    return HTTPException(409, f"the message is {message.state}{why}")


async def _last_words(session: AsyncSession, lead_id: int) -> str | None:
    found = await session.exec(
        select(Message.text)
        .where(col(Message.lead_id) == lead_id, col(Message.direction) == "in")
        .order_by(col(Message.id).desc())
        .limit(1)
    )
    return found.first()
