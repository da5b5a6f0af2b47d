"""What the database does by itself: the event of an arrival, and the worker's wake-up."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from shared.database.engine import Database
from tests.conftest import Postgres
from tests.migrations.conftest import Tables
from tests.support.waiting import patience_seconds

NOW = datetime.now(UTC)
PAST, FUTURE = NOW - timedelta(minutes=1), NOW + timedelta(hours=1)


@pytest.mark.parametrize(("source", "status"), [("tilda", "pending"), ("api", "handed_off")])
async def test_an_arrival_is_the_first_event(tables: Tables, source: str, status: str) -> None:
    lead = await tables.lead(source=source, status=status)
    events = await tables.rows("SELECT lead_id, from_status, to_status, reason, actor FROM lead_events")
    assert events == [
        {"lead_id": lead, "from_status": None, "to_status": status, "reason": "received", "actor": source}
    ]
    same = "SELECT count(*) AS n FROM lead_events e JOIN leads l ON e.lead_id = l.id AND e.at = l.created_at"
    assert await tables.rows(same) == [{"n": 1}]


async def test_other_changes_are_no_arrival(tables: Tables) -> None:
    await tables.lead()
    await tables.rows("UPDATE leads SET name = 'Мария', status = 'failed'")
    assert await tables.rows("SELECT count(*) AS n FROM lead_events") == [{"n": 1}]


class Ear:
    """Listens for wake-ups; a mark sent after the deed tells when there will be no more of them."""

    def __init__(self, tables: Tables, connection: psycopg.AsyncConnection) -> None:
        self.tables = tables
        self.connection = connection

    async def heard(self) -> list[str]:
        """The payloads since last asked."""
        await self.tables.rows("SELECT pg_notify('leads_due', 'mark')")
        payloads: list[str] = []
        async for notice in self.connection.notifies(timeout=patience_seconds()):
            if notice.payload == "mark":
                return payloads
            payloads.append(notice.payload)
        raise AssertionError("the mark never came")


@pytest.fixture
async def ear(postgres: Postgres) -> AsyncIterator[Ear]:
    """A listener on a fresh PostgreSQL database."""
    url = postgres.create()
    database = Database(url)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("LISTEN leads_due")
        yield Ear(Tables(database), connection)
    await database.close()


async def test_an_arrival_wakes_the_worker(ear: Ear) -> None:
    await ear.tables.lead()
    assert await ear.heard() == [""]
    await ear.tables.lead(due_at=PAST)
    assert await ear.heard() == [""]


@pytest.mark.parametrize("values", [{"due_at": FUTURE}, {"due_at": None}])
async def test_a_lead_put_off_wakes_nobody(ear: Ear, values: dict[str, object]) -> None:
    await ear.tables.lead(**values)
    assert await ear.heard() == []


async def test_a_lead_that_becomes_due_wakes_the_worker(ear: Ear) -> None:
    lead = await ear.tables.lead(due_at=FUTURE)
    await ear.tables.rows("UPDATE leads SET due_at = :due WHERE id = :id", due=PAST, id=lead)
    assert await ear.heard() == [""]


async def test_other_updates_wake_nobody(ear: Ear) -> None:
    await ear.tables.lead(due_at=PAST)
    assert await ear.heard() == [""]
    for change in (
        "name = 'Мария'",
        "due_at = NULL",
        f"due_at = '{FUTURE.isoformat()}'",
        f"due_at = '{PAST.isoformat()}', leased_by = 'w', leased_until = '{FUTURE.isoformat()}'",
    ):
        await ear.tables.rows(f"UPDATE leads SET {change}")
        assert await ear.heard() == [], change
