"""Stores the reactions of contacts, one row for each message that was reacted to.

A reaction on our latest offer or answer is an answer like a message. Any other is only stored.
"""

from datetime import datetime, timedelta

from sqlalchemy import exists, func, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.models import MESSAGES, Lead, Message
from shared.statuses import LeadStatus
from worker.domain import content_markers
from worker.domain.telegram_port import Reaction
from worker.messaging import inbox

# Kinds of our messages that expect an answer. A reaction on an apology or on the link is no new decision.
_EXPECTS_ANSWER = frozenset({"greeting", "answer", "clarification", "follow_up"})


async def receive_reaction(
    session: AsyncSession, account_id: int, reaction: Reaction, *, now: datetime, debounce: timedelta
) -> Lead | None:
    """Store a reaction; returns the lead if it is new, and schedules the reply if it is an answer.

    A later change replaces or withdraws a reaction that is not answered yet. It is never a second answer.
    """
    lead = await inbox.lead_of_sender(session, account_id, reaction.user_id)
    if lead is None:
        return None
    target = await _message(session, account_id, reaction.message_id)
    text = content_markers.reaction(reaction.emoji, target.text if target else reaction.text)
    key = f"reaction:{account_id}:{reaction.message_id}"
    is_answer = await _is_answer(session, lead, target)
    known = (await session.exec(select(Message).where(col(Message.key) == key))).one_or_none()
    if known is None:
        columns = {"account_id": account_id, "key": key, "text": text, "created_at": now}
        columns["state"] = "received" if is_answer else "handled"
        is_stored = bool(reaction.emoji) and await _store(session, lead, reaction, **columns)
    else:
        is_stored = await _change(session, known, reaction, text)
    if not is_stored:
        return None
    if is_answer and reaction.emoji:
        await inbox.answer_soon(session, lead, now=now, debounce=debounce)
    return lead


async def _message(session: AsyncSession, account_id: int, telegram_id: int) -> Message | None:
    found = await session.exec(
        select(Message).where(
            col(Message.account_id) == account_id, col(Message.telegram_message_id) == telegram_id
        )
    )
    return found.one_or_none()


async def _is_answer(session: AsyncSession, lead: Lead, target: Message | None) -> bool:
    """Return True if the message is our latest one, and expects an answer."""
    if lead.status is LeadStatus.HANDED_OFF:
        return False
    if target is None:
        return await _is_sending(session, lead)
    if target.lead_id != lead.id or target.kind not in _EXPECTS_ANSWER:
        return False
    latest = await session.exec(
        select(func.max(Message.telegram_message_id)).where(
            col(Message.lead_id) == lead.id, col(Message.direction) == "out"
        )
    )
    return latest.one() == target.telegram_message_id


async def _is_sending(session: AsyncSession, lead: Lead) -> bool:
    """Return True if a message may have been sent whose id is not recorded yet: the reaction is on that."""
    found = await session.exec(
        select(
            exists().where(
                MESSAGES.c.lead_id == lead.id,
                MESSAGES.c.state == "queued",
                MESSAGES.c.kind.in_(_EXPECTS_ANSWER),
            )
        )
    )
    return bool(found.one())


async def _store(session: AsyncSession, lead: Lead, reaction: Reaction, **columns: object) -> bool:
    stored = await session.exec(
        insert_for(session, Message)
        .values(lead_id=lead.id, direction="in", kind="reply", sent_at=reaction.reacted_at, **columns)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(col(Message.id))
    )
    return stored.first() is not None


async def _change(session: AsyncSession, known: Message, reaction: Reaction, text: str) -> bool:
    """Replace a reaction that has no answer yet; returns True if that changed anything."""
    if known.state not in {"received", "deleted"}:
        return False
    # The text of a withdrawn reaction is kept, like that of a deleted message.
    values = {"state": "received", "text": text} if reaction.emoji else {"state": "deleted"}
    if all(getattr(known, name) == value for name, value in values.items()):
        return False
    await session.exec(update(MESSAGES).where(MESSAGES.c.id == known.id).values(**values))
    return True
