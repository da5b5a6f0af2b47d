"""Reassigns leads whose account is lost or blocked from outreach, and marks those that must wait for it."""

from datetime import datetime

from sqlalchemy import exists, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import LEADS, Lead, Message, TelegramAccount
from shared.leads.transitions import change_status
from shared.statuses import OPEN, LeadStatus
from worker.messaging import outbox

# Stored in `last_error`; `clear_stranded_marks` looks for it.
ACCOUNT_LOST = "its Telegram account is lost"
_NO_PEER = {"account_id": None, "telegram_user_id": None, "access_hash": None, "resolved_via": None}


async def reassign_untouched_leads(
    session: AsyncSession, account_id: int, *, now: datetime, reason: str
) -> int:
    """Reassign leads that this account has certainly not written to; returns how many.

    A lead with a released greeting stays: Telegram may have the message, whatever its row says.
    """
    has_contact = exists().where(
        col(Message.lead_id) == Lead.id,
        col(Message.released_at).is_not(None) | (col(Message.direction) == "in"),
    )
    found = await session.exec(
        select(Lead)
        .where(
            col(Lead.account_id) == account_id,
            col(Lead.status).in_((LeadStatus.PENDING, LeadStatus.RESOLVED)),
            col(Lead.leased_by).is_(None),
            ~has_contact,
        )
        .with_for_update()
    )
    leads = found.all()
    for lead in leads:
        # The new account looks the contact up again: an access hash is valid for one account only.
        await outbox.cancel_queued(session, lead.id, reason)
        if lead.status is LeadStatus.RESOLVED:
            await change_status(
                session,
                lead,
                LeadStatus.PENDING,
                reason=reason,
                actor="worker",
                now=now,
                due_at=now,
                **_NO_PEER,
            )
        else:
            await session.exec(update(LEADS).where(LEADS.c.id == lead.id).values(due_at=now, **_NO_PEER))
    return len(leads)


async def other_workers_alive(session: AsyncSession, account_id: int, *, now: datetime) -> bool:
    """Return True if another account has a worker."""
    others = select(TelegramAccount.id).where(
        col(TelegramAccount.id) != account_id, col(TelegramAccount.held_until) > now
    )
    return (await session.exec(others)).first() is not None


async def clear_stranded_marks(session: AsyncSession, account_id: int) -> None:
    """Clear the "account lost" error of this account's open leads; called when it is connected again."""
    await session.exec(
        update(LEADS)
        .where(
            LEADS.c.account_id == account_id,
            # A lead that has changed its status since then has no such error any more.
            LEADS.c.status.in_(OPEN),
            LEADS.c.last_error.startswith(ACCOUNT_LOST, autoescape=True),
        )
        .values(last_error=None)
    )


async def mark_stranded(session: AsyncSession, account_id: int, reason: str) -> int:
    """Set `last_error` on the open leads of a lost account; returns how many they are."""
    stranded = await session.exec(
        update(LEADS)
        .where(LEADS.c.account_id == account_id, LEADS.c.status.in_(OPEN))
        .values(last_error=f"{ACCOUNT_LOST}: {reason}")
    )
    return stranded.rowcount
