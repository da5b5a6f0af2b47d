"""`python -m worker status`: accounts, what waits, and the funnel, from the database alone."""

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
from shared.errors import LeadAssistantError
from shared.statuses import LeadStatus
from worker.queue import leases

# One line an account, with what it has used of its limits in the last 24 hours.
_ACCOUNTS = text("SELECT * FROM account_overview ORDER BY id")
_LIMITS = {
    "first messages": ("first_messages", "outreach_limit"),
    "by username": ("username_lookups", "resolve_limit"),
    "by phone": ("phone_imports", "import_limit"),
}


class StatusError(LeadAssistantError):
    """The database cannot tell; the text says why."""


@dataclass(frozen=True)
class Status:
    """`waiting`: counts, and the age of the oldest due lead in seconds; `funnel`: counts by status."""

    accounts: list[dict[str, Any]]
    waiting: dict[str, int | float]
    funnel: dict[str, dict[str, int]]


async def look(database: Database, *, now: datetime) -> Status:
    """How things stand; raises StatusError."""
    try:
        async with database.reading() as session:
            return await count(session, now=now)
    except DATABASE_DOWN as error:
        if "no such table" not in str(error):
            raise StatusError(f"the database does not answer ({type(error).__name__})") from None
        raise StatusError("the database is not migrated: alembic upgrade head") from None
    except DBAPIError:
        raise StatusError("the database is not migrated: alembic upgrade head") from None


async def count(session: AsyncSession, *, now: datetime) -> Status:
    """The same in a session of the caller's."""
    accounts = await (await session.connection()).execute(_ACCOUNTS)
    return Status(
        [dict(row) for row in accounts.mappings()],
        await _waiting(session, now=now),
        await _funnel(session, now=now),
    )


async def _waiting(session: AsyncSession, *, now: datetime) -> dict[str, int | float]:
    due = await session.exec(select(func.count(), func.min(col(Lead.due_at))).where(col(Lead.due_at) <= now))
    count, oldest = due.one()
    outbox, inbox = await leases.count_pending_messages(session)
    return {
        "due leads": count,
        "oldest due, seconds": round((now - oldest).total_seconds()) if oldest else 0,
        "outbox": outbox,
        "inbox": inbox,
    }


async def _funnel(session: AsyncSession, *, now: datetime) -> dict[str, dict[str, int]]:
    counted = select(col(Lead.status), func.count()).group_by(col(Lead.status))
    # Each by an index alone: together they would read every lead.
    spans = {
        "all": counted,
        "7 days": counted.where(col(Lead.created_at) > now - timedelta(days=7)),
        "24 hours": counted.where(col(Lead.created_at) > now - timedelta(days=1)),
    }
    found = {span: dict((await session.exec(query)).all()) for span, query in spans.items()}
    return {
        str(status): {span: counts.get(status, 0) for span, counts in found.items()}
        for status in LeadStatus
        if status in found["all"]
    }


def as_json(status: Status) -> str:
    """For programs."""
    return json.dumps(asdict(status), ensure_ascii=False, indent=2, default=str)


def as_text(status: Status) -> str:
    """Three tables."""
    parts = [
        _table(["account", "state", "working", *_LIMITS, "conversations", "holds"], _accounts(status)),
        _table(["waiting", ""], [[name, str(value)] for name, value in status.waiting.items()]),
        _table(
            ["leads", "24 hours", "7 days", "all"],
            [
                [name, *(str(counts[span]) for span in ("24 hours", "7 days", "all"))]
                for name, counts in status.funnel.items()
            ],
        ),
    ]
    return "\n\n".join(parts)


def _accounts(status: Status) -> list[list[str]]:
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
    """Columns as wide as what stands in them; numbers to the right."""
    if not rows:
        return f"{head[0]}: none"
    widths = [max(len(row[number]) for row in [head, *rows]) for number in range(len(head))]
    lines = []
    for row in [head, *rows]:
        cells = [
            cell.rjust(width) if cell.isdecimal() else cell.ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
