"""Tells a human who types in a person's chat from the worker itself, and leaves the conversation to them."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, Message
from shared.leads import handoff
from shared.statuses import LeadStatus, may_become
from worker.domain.telegram_port import Outgoing
from worker.messaging import inbox

REASON = "a human wrote in the chat"
ACTOR = "human"
# Telegram tells whole seconds, by a clock of its own.
CLOCKS_DIFFER = timedelta(seconds=5)


async def record_outgoing(
    session: AsyncSession,
    account_id: int,
    outgoing: Outgoing,
    *,
    now: datetime,
    returns_at: datetime | None,
    owner_chat: str | None = None,
) -> Lead | None:
    """Heed a message that went out from our account: a human's own is stored, and the chat is theirs.

    Gives the lead if it was a human's. The worker's messages come back as well, after a lost link or a kill:
    one that was sent and not recorded is known by its text alone. In `owner_chat` (a username) the worker
    tells the owner of leads: whoever tries their own form from there is no case for a human.
    """
    lead = await inbox.lead_of_sender(session, account_id, outgoing.user_id)
    # What was said before the request is of another conversation.
    if lead is None or outgoing.sent_at < lead.created_at - CLOCKS_DIFFER:
        return None
    if owner_chat and (lead.username or "").lower() == owner_chat.lower():
        return None
    if await _is_ours(session, account_id, outgoing):
        return None
    if not await inbox.store_typed(session, lead, account_id, outgoing, now=now):
        return None
    await handoff.mark_answered(session, lead, before=outgoing.message_id)
    if lead.status is LeadStatus.HANDED_OFF or may_become(lead.status, LeadStatus.HANDED_OFF):
        await handoff.hand_to_human(session, lead, reason=REASON, actor=ACTOR, now=now, returns_at=returns_at)
    return lead


async def _is_ours(session: AsyncSession, account_id: int, outgoing: Outgoing) -> bool:
    known, number = col(Message.telegram_message_id), outgoing.message_id
    rows = await session.exec(
        select(Message)
        .join(Lead, col(Message.lead_id) == col(Lead.id))
        .where(
            col(Message.account_id) == account_id,
            col(Lead.telegram_user_id) == outgoing.user_id,
            col(Message.direction) == "out",
            or_(known == number, known.is_(None) & col(Message.random_id).is_not(None)),
        )
    )
    for row in rows:
        if row.telegram_message_id == number:
            return True
        if _same(row.text, outgoing.text):
            await _record(session, row, outgoing)
            return True
    return False


def _same(ours: str, theirs: str) -> bool:
    # Telegram trims what it is given.
    return ours.split() == theirs.split()


async def _record(session: AsyncSession, message: Message, outgoing: Outgoing) -> None:
    """What was taken back has arrived after all; what is queued is the sender's to settle."""
    await session.exec(
        update(Message)
        .where(col(Message.id) == message.id, col(Message.state).in_(("sent", "cancelled")))
        .values(state="sent", telegram_message_id=outgoing.message_id, sent_at=outgoing.sent_at, error=None)
        .execution_options(synchronize_session=False)
    )
