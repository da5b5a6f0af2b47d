"""Leads that change their account: the one they had is gone, or may write to no strangers."""

from datetime import datetime

from sqlalchemy import exists, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, Message, TelegramAccount
from shared.leads.transitions import change_status
from shared.statuses import OPEN, LeadStatus
from worker.messaging import outbox

LOST = "its Telegram account is lost"
_UNKNOWN = {"account_id": None, "telegram_user_id": None, "access_hash": None, "resolved_via": None}


async def reassign_untouched_leads(
    session: AsyncSession, account_id: int, *, now: datetime, reason: str
) -> int:
    """Leave to other accounts whoever this one has certainly not written to; gives how many.

    A greeting that was let go may be with Telegram whatever its row says, so it stays with its account.
    """
    heard_of = exists().where(
        col(Message.lead_id) == Lead.id,
        col(Message.released_at).is_not(None) | (col(Message.direction) == "in"),
    )
    found = await session.exec(
        select(Lead)
        .where(
            col(Lead.account_id) == account_id,
            col(Lead.status).in_((LeadStatus.PENDING, LeadStatus.RESOLVED)),
            col(Lead.leased_by).is_(None),
            ~heard_of,
        )
        .with_for_update()
    )
    leads = found.all()
    for lead in leads:
        # The new account finds them anew: an access hash is of one account.
        await outbox.cancel_queued(session, lead.id or 0, reason)
        if lead.status is LeadStatus.RESOLVED:
            await change_status(
                session,
                lead,
                LeadStatus.PENDING,
                reason=reason,
                actor="worker",
                now=now,
                due_at=now,
                **_UNKNOWN,
            )
        else:
            await session.exec(update(Lead).where(col(Lead.id) == lead.id).values(due_at=now, **_UNKNOWN))
    return len(leads)


async def other_workers_alive(session: AsyncSession, account_id: int, *, now: datetime) -> bool:
    """Whether another account has a worker."""
    others = select(TelegramAccount.id).where(
        col(TelegramAccount.id) != account_id, col(TelegramAccount.held_until) > now
    )
    return (await session.exec(others)).first() is not None


async def clear_stranded_marks(session: AsyncSession, account_id: int) -> None:
    """The account is there again: its conversations wait for nothing any more."""
    await session.exec(
        update(Lead)
        .where(
            col(Lead.account_id) == account_id,
            # Whatever has moved since then has lost the word with it.
            col(Lead.status).in_(OPEN),
            col(Lead.last_error).startswith(LOST, autoescape=True),
        )
        .values(last_error=None)
        .execution_options(synchronize_session=False)
    )


async def mark_stranded(session: AsyncSession, account_id: int, reason: str) -> int:
    """Say of the conversations that stay with a lost account what they wait for; gives how many they are."""
    stranded = await session.exec(
        update(Lead)
        .where(col(Lead.account_id) == account_id, col(Lead.status).in_(OPEN))
        .values(last_error=f"{LOST}: {reason}")
        .execution_options(synchronize_session=False)
    )
    return stranded.rowcount
