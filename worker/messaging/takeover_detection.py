"""Detects messages that a human typed in a lead's chat, and hands the conversation to that human."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import MESSAGES, Lead, Message
from shared.leads import handoff
from shared.statuses import LeadStatus, may_become
from worker.domain.telegram_port import Outgoing
from worker.messaging import inbox

REASON = "a human wrote in the chat"
ACTOR = "human"
# Telegram's timestamps are whole seconds of its own clock.
CLOCK_SKEW = timedelta(seconds=5)


async def record_outgoing(
    session: AsyncSession,
    account_id: int,
    outgoing: Outgoing,
    *,
    now: datetime,
    returns_at: datetime | None,
    owner_chat: str | None = None,
) -> Lead | None:
    """Store an outgoing message of our account if a human typed it, and hand the conversation to the human.

    Returns the lead if a human typed it, else None. After a lost connection or a kill, Telegram also reports
    messages that the worker sent. One that was sent but not recorded is recognized by its text only.
    `owner_chat`: the owner's username. The worker's notices in that chat are not a takeover, so an owner
    can test their own form.
    """
    lead = await inbox.lead_of_sender(session, account_id, outgoing.user_id)
    # Messages from before the request belong to an earlier conversation.
    if lead is None or outgoing.sent_at < lead.created_at - CLOCK_SKEW:
        return None
    if owner_chat and (lead.username or "").lower() == owner_chat.lower():
        return None
    if await _is_workers_own(session, account_id, outgoing):
        return None
    if not await inbox.store_human_message(session, lead, account_id, outgoing, now=now):
        return None
    await handoff.mark_answered(session, lead, before=outgoing.message_id)
    if lead.status is LeadStatus.HANDED_OFF or may_become(lead.status, LeadStatus.HANDED_OFF):
        await handoff.hand_to_human(session, lead, reason=REASON, actor=ACTOR, now=now, returns_at=returns_at)
    return lead


async def _is_workers_own(session: AsyncSession, account_id: int, outgoing: Outgoing) -> bool:
    telegram_id = col(Message.telegram_message_id)
    rows = await session.exec(
        select(Message)
        .join(Lead, col(Message.lead_id) == col(Lead.id))
        .where(
            col(Message.account_id) == account_id,
            col(Lead.telegram_user_id) == outgoing.user_id,
            col(Message.direction) == "out",
            or_(
                telegram_id == outgoing.message_id,
                telegram_id.is_(None) & col(Message.random_id).is_not(None),
            ),
        )
    )
    for row in rows:
        if row.telegram_message_id == outgoing.message_id:
            return True
        if _is_same_text(row.text, outgoing.text):
            await _record_as_sent(session, row, outgoing)
            return True
    return False


def _is_same_text(stored: str, received: str) -> bool:
    # Telegram trims whitespace.
    return stored.split() == received.split()


async def _record_as_sent(session: AsyncSession, message: Message, outgoing: Outgoing) -> None:
    """Mark a cancelled or sent message as sent with its Telegram id. A queued one is settled elsewhere."""
    await session.exec(
        update(MESSAGES)
        .where(MESSAGES.c.id == message.id, MESSAGES.c.state.in_(("sent", "cancelled")))
        .values(state="sent", telegram_message_id=outgoing.message_id, sent_at=outgoing.sent_at, error=None)
    )
