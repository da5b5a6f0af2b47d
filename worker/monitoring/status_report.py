"""`python -m worker status`: accounts, waiting work and the funnel; it needs only the database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.clock_check import MAX_CLOCK_ERROR_SECONDS, clock_error, describe_clock_error
from shared.database.engine import DATABASE_DOWN, Database, answered_within
from shared.database.error_classes import classify
from shared.database.models import Lead
from shared.database.write_check import check_writing
from shared.errors import LeadAssistantError
from shared.leads import pauses
from shared.statuses import LeadStatus
from worker.monitoring import model_servers
from worker.queue.backlog import count_pending_messages

# How long the queries may take together.
STATUS_SECONDS = 10
# One row per account, with its usage and limits of the last 24 hours.
_ACCOUNTS = text("SELECT * FROM account_overview ORDER BY id")
_LIMITS = {
    "first messages": ("first_messages", "outreach_limit"),
    "by username": ("username_lookups", "resolve_limit"),
    "by phone": ("phone_imports", "import_limit"),
}


_MODEL_FIELDS = {
    "host",
    "model",
    "role",
    "in_use",
    "wire_form",
    "prompt_tokens",
    "works_since",
    "out_since",
    "out_reason",
}


class StatusError(LeadAssistantError):
    """The status cannot be read from the database; the message is the reason."""


@dataclass(frozen=True)
class Status:
    """`waiting`: counts, and the age of the oldest due lead (s); `funnel`: status -> period -> count.

    `models`: the configured providers of the model, the first one first.
    """

    accounts: list[dict[str, Any]]
    waiting: dict[str, int | float]
    funnel: dict[str, dict[str, int]]
    models: list[dict[str, Any]]
    # Why the database stores nothing although it can be read, or how far the clock is off; None if all is
    # well.
    trouble: str | None = None
    # What the owner has paused: first_messages or all; None: nothing.
    paused: str | None = None
    paused_since: datetime | None = None


async def load_status(database: Database, *, now: datetime) -> Status:
    """Read the status; raises StatusError if the database does not answer or is not migrated."""
    try:
        async with answered_within(STATUS_SECONDS), database.reading() as session:
            status = await read_status(session, now=now)
    except (*DATABASE_DOWN, SQLAlchemyError) as error:
        raise StatusError(classify(error).text) from None
    return replace(status, trouble=await _find_trouble(database))


async def _find_trouble(database: Database) -> str | None:
    """Return why the database stores nothing, or how far the clock is off; None if all is well."""
    if (fault := await check_writing(database)) is not None:
        return fault.text
    try:
        async with answered_within(STATUS_SECONDS):
            error = await clock_error(database)
    except (*DATABASE_DOWN, SQLAlchemyError) as failure:
        return classify(failure).text
    return describe_clock_error(error, "the database") if abs(error) >= MAX_CLOCK_ERROR_SECONDS else None


async def read_status(session: AsyncSession, *, now: datetime) -> Status:
    """Read the status in the caller's session."""
    accounts = await (await session.connection()).execute(_ACCOUNTS)
    pause = await pauses.current(session)
    return Status(
        [dict(row) for row in accounts.mappings()],
        await _count_waiting(session, now=now),
        await _count_by_status(session, now=now),
        [row.model_dump(include=_MODEL_FIELDS) for row in await model_servers.load_configured(session)],
        paused=pause.scope if pause else None,
        paused_since=pause.since if pause else None,
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
    """Return text tables: accounts, models (if a worker has stored any), waiting work, leads by status."""
    models = _table(["model", "provider", "state", "form", "prompt"], _model_rows(status))
    parts = [
        *([_pause_line(status)] if status.paused else []),
        *([f"TROUBLE: {status.trouble}"] if status.trouble else []),
        _table(["account", "state", "working", *_LIMITS, "conversations", "holds"], _account_rows(status)),
        *([models] if status.models else []),
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


def _pause_line(status: Status) -> str:
    what = "first messages are" if status.paused == "first_messages" else "all messages of the assistant are"
    return f"PAUSED: {what} not sent since {status.paused_since:%Y-%m-%d %H:%M} UTC; python -m worker resume"


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


def _model_rows(status: Status) -> list[list[str]]:
    return [
        [
            str(row["model"]),
            f"{row['role']}: {row['host']}",
            _model_state(row),
            str(row["wire_form"] or "-"),
            f"{row['prompt_tokens']} tokens" if row["prompt_tokens"] else "-",
        ]
        for row in status.models
    ]


def _model_state(row: Mapping[str, Any]) -> str:
    if row["out_since"] is not None:
        return f"out since {row['out_since']:%Y-%m-%d %H:%M} UTC: {row['out_reason']}"
    return "in use" if row["in_use"] else "ready"


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
