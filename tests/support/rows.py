"""Inserts rows for a test, and reads them back."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Database
from shared.database.models import AccountCall, Lead, LeadEvent, Message, TelegramAccount
from shared.statuses import LeadStatus
from worker.dispatch.settlement_config import SettlementConfig
from worker.queue.leases import WorkerId

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=60)
DEBOUNCE = timedelta(seconds=8)
POLICY = SettlementConfig(DEBOUNCE, max_attempts=3, retry_base=2, retry_max=300)
# Telegram's ids do not fit 32 bits.
PERSON = 6_000_000_001

_numbers = count(1)


async def add_account(database: Database, user_id: int | None = None, **fields: Any) -> int:  # noqa: ANN401
    """Insert an account; returns its id."""
    account = TelegramAccount(
        telegram_user_id=user_id or 7_000_000_000 + next(_numbers),
        session_name="test",
        created_at=NOW,
        updated_at=NOW,
        **fields,
    )
    async with database.writing() as session:
        session.add(account)
    return account.id


async def add_call(session: AsyncSession, account_id: int, method: str, *, at: datetime) -> None:
    """A call of Telegram that counts against the account's limits of 24 hours."""
    await session.exec(insert(AccountCall).values(account_id=account_id, method=method, at=at))


async def add_lead(database: Database, **fields: Any) -> Lead:  # noqa: ANN401
    """Insert a lead that is due now; `fields` are columns."""
    usual: dict[str, Any] = {
        "name": "Анна",
        "username": "anna_smirnova",
        "source": "api",
        "due_at": NOW,
        "created_at": NOW,
        "updated_at": NOW,
    }
    lead = Lead(**usual | fields)
    async with database.writing() as session:
        session.add(lead)
        await session.flush()
        if fields.get("due_at", NOW) is None:
            # On INSERT a NULL becomes the column's default, which is now.
            await session.exec(update(Lead).where(col(Lead.id) == lead.id).values(due_at=None))
            lead.due_at = None
    return lead


async def add_leased(database: Database, me: WorkerId, status: LeadStatus, **fields: Any) -> Lead:  # noqa: ANN401
    """A lead in `status` that `me` works on, its person known where that is so."""
    known: dict[str, Any] = {"leased_by": me.lease_name, "leased_until": NOW + LEASE}
    if status is not LeadStatus.PENDING:
        person = 6_000_000_000 + next(_numbers)
        known |= {"account_id": me.account_id, "telegram_user_id": person, "access_hash": 5}
    return await add_lead(database, status=status, **known | fields)


async def add_message(database: Database, lead: Lead, **fields: Any) -> Message:  # noqa: ANN401
    """Insert a message of the lead; by default an unanswered one from the person."""
    usual: dict[str, Any] = {
        "lead_id": lead.id,
        "account_id": lead.account_id,
        "direction": "in",
        "kind": "reply",
        "state": "received",
        "text": "Здравствуйте!",
        "created_at": NOW,
    }
    message = Message(**usual | fields)
    if message.direction == "out" and message.random_id is None:
        message.random_id = 1_000_000 + next(_numbers)
    async with database.writing() as session:
        session.add(message)
    return message


async def now_of(database: Database, lead: Lead) -> Lead:
    """Read the lead's current row."""
    async with database.reading() as session:
        return await session.get_one(Lead, lead.id)


async def messages_of(database: Database, lead: Lead) -> list[Message]:
    """Read the lead's messages, oldest first."""
    async with database.reading() as session:
        rows = await session.exec(
            select(Message).where(col(Message.lead_id) == lead.id).order_by(col(Message.id))
        )
        return list(rows)


async def moves_of(database: Database, lead: Lead) -> list[tuple[LeadStatus | None, LeadStatus, str | None]]:
    """Read the lead's status changes and their reasons, without the first event."""
    async with database.reading() as session:
        rows = await session.exec(
            select(LeadEvent).where(col(LeadEvent.lead_id) == lead.id).order_by(col(LeadEvent.id))
        )
        return [(row.from_status, row.to_status, row.reason) for row in rows][1:]


async def account_row(database: Database, account_id: int) -> TelegramAccount:
    """Read the account's current row."""
    async with database.reading() as session:
        return await session.get_one(TelegramAccount, account_id)


async def take_lease(database: Database, lead: Lead, holder: str | None) -> None:
    """Give the lead's lease to another holder, or to none."""
    async with database.writing() as session:
        await session.exec(update(Lead).where(col(Lead.id) == lead.id).values(leased_by=holder))
