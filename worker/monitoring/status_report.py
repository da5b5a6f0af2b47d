"""`python -m worker status`: accounts, waiting work and the funnel; it needs only the database."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.checks.clock_check import MAX_CLOCK_ERROR_SECONDS, clock_error, describe_clock_error
from shared.database.checks.write_check import check_writing
from shared.database.engine import DATABASE_DOWN, Database, answered_within
from shared.database.faults.error_classes import classify
from shared.database.models import Lead, TelegramAccount
from shared.errors import LeadAssistantError
from shared.leads import pauses
from shared.statuses import LeadStatus
from worker.domain.wait_reasons import NO_CAPACITY
from worker.monitoring import model_servers
from worker.queue.backlog import count_pending_messages

# How long the queries may take together.
STATUS_SECONDS = 10
# People who wait because no account may begin another conversation today.
LIMIT_REACHED = "waiting for the day's limit"
# One row per account, with its usage and limits of the last 24 hours.
_ACCOUNTS = text("SELECT * FROM account_overview ORDER BY id")
# Since when each account is used: its limit grows with its age.
_CREATED = select(col(TelegramAccount.id), col(TelegramAccount.created_at))
_MODEL_FIELDS = {
    "host",
    "model",
    "role",
    "in_use",
    "wire_form",
    "prompt_tokens",
    "limit_tokens",
    "works_since",
    "out_since",
    "out_reason",
}


_NO_ANSWER = "the database cannot be reached"
_ADDRESS_HINT = "check that it runs, and DATABASE_URL (in its password # is written %23, / is %2F, @ is %40)"


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


def describe_fault(error: Exception) -> str:
    """Return what is wrong with the database, and what to check if nothing answers there."""
    text = classify(error).text
    return f"{text}: {_ADDRESS_HINT}" if text == _NO_ANSWER else text


async def load_status(database: Database, *, now: datetime) -> Status:
    """Read the status; raises StatusError if the database does not answer or is not migrated."""
    try:
        async with answered_within(STATUS_SECONDS), database.reading() as session:
            status = await read_status(session, now=now)
    except (*DATABASE_DOWN, SQLAlchemyError) as error:
        raise StatusError(describe_fault(error)) from None
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
    created = dict((await session.exec(_CREATED)).all())
    return Status(
        [dict(row) | {"created_at": created.get(row["id"])} for row in accounts.mappings()],
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
    waits = select(func.count()).where(
        col(Lead.status) == LeadStatus.PENDING, col(Lead.due_at) > now, col(Lead.last_error) == NO_CAPACITY
    )
    return {
        LIMIT_REACHED: (await session.exec(waits)).one(),
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
