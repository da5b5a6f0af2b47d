"""Counts the work that waits: due leads, queued messages and unanswered messages."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, literal_column
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, Message


@dataclass(frozen=True)
class Backlog:
    """The waiting work of one account.

    `due_since` is the due time of the lead that has been due longest, or None if no lead is due.
    `outbox` counts queued messages, `inbox` counts unanswered messages.
    """

    due_since: datetime | None
    outbox: int
    inbox: int


async def load_backlog(session: AsyncSession, account_id: int, *, now: datetime) -> Backlog:
    """Load the backlog of an account. Due leads without an account are included."""
    workable = or_(col(Lead.account_id).is_(None), col(Lead.account_id) == account_id)
    due = await session.exec(select(func.min(col(Lead.due_at))).where(col(Lead.due_at) <= now, workable))
    outbox, inbox = await count_pending_messages(session, col(Message.account_id) == account_id)
    return Backlog(due.one(), outbox, inbox)


async def count_pending_messages(session: AsyncSession, *conditions: ColumnElement[bool]) -> tuple[int, int]:
    """Count the messages that meet the conditions: returns (queued, unanswered)."""
    # Each state has its own partial index; these messages are few among millions.
    queued, received = (
        select(func.count())
        .select_from(Message)
        .where(col(Message.state) == literal_column(f"'{state}'"), *conditions)
        .scalar_subquery()
        for state in ("queued", "received")
    )
    return (await session.exec(select(queued, received))).one()
