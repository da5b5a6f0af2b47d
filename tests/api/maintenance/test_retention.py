"""Retention deletes old deliveries and events in batches, and keeps those that are still needed."""

from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime, timedelta

import anyio
import pytest
from sqlalchemy import insert, select

from api.maintenance.retention import BATCH, RetentionJob, old_deliveries, old_events, oldest_delivery
from shared.database.engine import Database
from shared.database.models import DELIVERIES, EVENTS, LEADS
from shared.errors import ConfigError
from shared.statuses import UNFINISHED, LeadStatus
from tests.api.conftest import make_settings, running

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)


async def _lead(database: Database, status: LeadStatus, *ages: timedelta) -> int:
    """Add a lead with events of these ages; returns its id."""
    lead = {
        "name": "Анна",
        "username": "anna_k",
        "source": "api",
        "status": status,
        "extra": {},
        "due_at": NOW,
    }
    async with database.engine.begin() as connection:
        rows = await connection.execute(insert(LEADS).values(created_at=NOW, **lead).returning(LEADS.c.id))
        number = rows.scalar_one()
        for age in ages:
            event = {"lead_id": number, "to_status": status, "actor": "worker", "at": NOW - age}
            await connection.execute(insert(EVENTS).values(event))
    return int(number)


async def _ages(database: Database, lead: int) -> list[int]:
    """Return the ages of its events in days, without the first event."""
    query = (
        select(EVENTS.c.at).where(EVENTS.c.lead_id == lead, EVENTS.c.actor == "worker").order_by(EVENTS.c.id)
    )
    async with database.engine.connect() as connection:
        return [(NOW - at).days for at in (await connection.execute(query)).scalars()]


async def _add_deliveries(database: Database, ages: Iterable[int], outcome: str = "refused") -> None:
    rows = [
        {"source": "tilda", "received_at": NOW - age * DAY, "body": "x", "outcome": outcome} for age in ages
    ]
    async with database.engine.begin() as connection:
        await connection.execute(insert(DELIVERIES), rows)


async def _outcomes(database: Database) -> list[str]:
    async with database.engine.connect() as connection:
        found = await connection.execute(select(DELIVERIES.c.outcome).order_by(DELIVERIES.c.id))
        return list(found.scalars())


@pytest.mark.parametrize("copies", [1, 3])
async def test_old_deliveries_are_deleted(database: Database, copies: int) -> None:
    await _add_deliveries(database, range(5))
    await _add_deliveries(database, range(9, 10), outcome="received")
    deleted: list[int] = []

    async def one() -> None:
        deleted.append(await RetentionJob(database, old_deliveries, 2 * DAY).run(NOW))

    async with anyio.create_task_group() as group:
        for _ in range(copies):
            group.start_soon(one)
    assert sum(deleted) == 2
    assert await _outcomes(database) == ["refused"] * 3 + ["received"]


async def test_old_events_of_finished_leads_are_deleted(database: Database) -> None:
    finished = [
        await _lead(database, status, 100 * DAY, 40 * DAY, 2 * DAY)
        for status in sorted(set(LeadStatus) - UNFINISHED)
    ]
    unfinished = [await _lead(database, status, 100 * DAY) for status in sorted(UNFINISHED)]
    # A reprocessed delivery: the first event of its lead is older than events with lower ids.
    late = await _lead(database, LeadStatus.REJECTED, 50 * DAY, timedelta())
    assert await RetentionJob(database, old_events, 30 * DAY).run(NOW) == 2 * len(finished) + 1
    assert [await _ages(database, lead) for lead in finished] == [[2]] * len(finished)
    assert [await _ages(database, lead) for lead in unfinished] == [[100]] * len(unfinished)
    assert await _ages(database, late) == [0]


async def test_events_are_deleted_in_batches_once_per_interval(database: Database) -> None:
    kept = await _lead(database, LeadStatus.HANDED_OFF, *[90 * DAY] * (BATCH + 1))
    old = await _lead(database, LeadStatus.REJECTED, *[90 * DAY] * BATCH)
    batches = [count async for count in old_events(database, NOW - 30 * DAY)]
    assert (len(batches), sum(batches)) == (3, BATCH)
    hourly = RetentionJob(database, old_events, 30 * DAY, every=timedelta(hours=1))
    assert await hourly.run(NOW) == 0
    async with database.engine.begin() as connection:
        await connection.execute(LEADS.update().where(LEADS.c.id == kept).values(status=LeadStatus.REJECTED))
    assert await hourly.run(NOW + timedelta(minutes=59)) == 0
    assert await hourly.run(NOW + timedelta(hours=1)) == BATCH + 1
    assert await _ages(database, kept) == await _ages(database, old) == []


async def test_a_run_is_limited_and_the_next_run_continues(sqlite_url: str) -> None:
    starts: list[datetime] = []

    async def endless(_: Database, before: datetime) -> AsyncGenerator[int]:
        starts.append(before)
        while True:
            yield 1

    database = Database(sqlite_url)
    job = RetentionJob(database, endless, DAY, max_run_seconds=0.02)
    assert await job.run(NOW) > 0
    assert await job.run(NOW + DAY) > 0
    assert starts == [NOW - DAY]
    await database.close()


async def test_the_api_applies_its_retention_settings(database: Database, database_url: str) -> None:
    old = await _lead(database, LeadStatus.REJECTED, 365 * DAY)
    async with running(database_url):
        assert await _ages(database, old) == [365]
    async with running(database_url, event_retention_days=30):
        assert await _ages(database, old) == []


def test_event_retention_is_at_least_30_days() -> None:
    assert make_settings("sqlite:///x.db").event_retention is None
    assert make_settings("sqlite:///x.db", event_retention_days=30).event_retention == 30 * DAY
    for days in (1, 29, -1):
        with pytest.raises((ConfigError, ValueError), match="event_retention_days"):
            make_settings("sqlite:///x.db", event_retention_days=days)


async def test_a_clock_that_jumps_ahead_deletes_one_step_only(database: Database) -> None:
    await _add_deliveries(database, range(80))
    job = RetentionJob(database, old_deliveries, 90 * DAY, oldest=oldest_delivery)
    assert await job.run(NOW) == 0
    # For a moment the clock is 100 days ahead: 90 of them would be too old.
    wrong = NOW + 100 * DAY
    assert [await job.run(wrong) for _ in range(5)] == [5, 0, 0, 0, 0]
    assert await job.run(NOW) == 0
    assert len(await _outcomes(database)) == 75


async def test_usual_retention_waits_for_no_step(database: Database) -> None:
    await _add_deliveries(database, range(90))
    job = RetentionJob(database, old_deliveries, 89 * DAY, oldest=oldest_delivery)
    assert await job.run(NOW + timedelta(hours=1)) == 1
    assert await job.run(NOW + timedelta(hours=25)) == 1
