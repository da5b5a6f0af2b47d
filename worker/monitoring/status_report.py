"""`python -m worker status`: accounts, waiting work and the funnel; it needs only the database."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import Lead
from shared.database.schema_version import is_unmigrated
from shared.errors import LeadAssistantError
from shared.statuses import LeadStatus
from worker.queue.backlog import count_pending_messages

# One row per account, with its usage and limits of the last 24 hours.
_ACCOUNTS = text("SELECT * FROM account_overview ORDER BY id")
_LIMITS = {
    "first messages": ("first_messages", "outreach_limit"),
    "by username": ("username_lookups", "resolve_limit"),
    "by phone": ("phone_imports", "import_limit"),
}


class StatusError(LeadAssistantError):
    """The status cannot be read from the database; the message is the reason."""


@dataclass(frozen=True)
class Status:
    """`waiting`: counts, and the age of the oldest due lead (s); `funnel`: status -> period -> count."""

    accounts: list[dict[str, Any]]
    waiting: dict[str, int | float]
    funnel: dict[str, dict[str, int]]


async def load_status(database: Database, *, now: datetime) -> Status:
    """Read the status; raises StatusError if the database does not answer or is not migrated."""
    try:
        async with database.reading() as session:
            return await read_status(session, now=now)
    except DATABASE_DOWN as error:
        if not is_unmigrated(error):
            raise StatusError(f"the database does not answer ({type(error).__name__})") from None
        raise StatusError("the database is not migrated: alembic upgrade head") from None
    except DBAPIError:
        raise StatusError("the database is not migrated: alembic upgrade head") from None


async def read_status(session: AsyncSession, *, now: datetime) -> Status:
    """Read the status in the caller's session."""
    accounts = await (await session.connection()).execute(_ACCOUNTS)
    return Status(
        [dict(row) for row in accounts.mappings()],
        await _count_waiting(session, now=now),
        await _count_by_status(session, now=now),
    )


async def _count_waiting(session: AsyncSession, *, now: datetime) -> dict[str, int | float]:
    due = await session.exec(select(func.count(), func.min(col(Lead.due_at))).where(col(Lead.due_at) <= now))
    count, oldest = due.one()
    outbox, inbox = await count_pending_messages(session)
    return {
        "due leads": count,
        "oldest due, seconds": round((now - oldest).total_seconds()) if oldest else 0,
        "outbox": outbox,
        "inbox": inbox,
    }


async def _count_by_status(session: AsyncSession, *, now: datetime) -> dict[str, dict[str, int]]:
    by_status = select(col(Lead.status), func.count()).group_by(col(Lead.status))
    # Three queries: each is answered from an index alone, one combined query would read every lead.
    periods = {
        "all": by_status,
        "7 days": by_status.where(col(Lead.created_at) > now - timedelta(days=7)),
        "24 hours": by_status.where(col(Lead.created_at) > now - timedelta(days=1)),
    }
    counts_by_period = {period: dict((await session.exec(query)).all()) for period, query in periods.items()}
    return {
        str(status): {period: counts.get(status, 0) for period, counts in counts_by_period.items()}
        for status in LeadStatus
        if status in counts_by_period["all"]
    }


def as_json(status: Status) -> str:
    """Return the status as JSON; the keys are the fields of `Status`."""
    return json.dumps(asdict(status), ensure_ascii=False, indent=2, default=str)


def as_text(status: Status) -> str:
    """Return three text tables: accounts, waiting work, leads by status."""
    parts = [
        _table(["account", "state", "working", *_LIMITS, "conversations", "holds"], _account_rows(status)),
        _table(["waiting", ""], [[name, str(value)] for name, value in status.waiting.items()]),
        _table(
            ["leads", "24 hours", "7 days", "all"],
            [
                [name, *(str(counts[period]) for period in ("24 hours", "7 days", "all"))]
                for name, counts in status.funnel.items()
            ],
        ),
    ]
    return "\n\n".join(parts)


def _account_rows(status: Status) -> list[list[str]]:
    return [
        [
            str(row["account"]),
            f"{row['state']}: {row['state_reason']}" if row["state_reason"] else str(row["state"]),
            str(row["working"]),
            *(f"{row[used]}/{'-' if row[limit] is None else row[limit]}" for used, limit in _LIMITS.values()),
            str(row["conversations"]),
            str(row["holds"] or "-"),
        ]
        for row in status.accounts
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table: columns as wide as their longest cell, numbers aligned to the right."""
    if not rows:
        return f"{head[0]}: none"
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            cell.rjust(width) if cell.isdecimal() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
