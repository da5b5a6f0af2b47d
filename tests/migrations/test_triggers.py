"""Triggers: the first event of a lead, and the notification that wakes the worker."""

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
async def test_insert_of_a_lead_writes_its_first_event(tables: Tables, source: str, status: str) -> None:
    lead = await tables.lead(source=source, status=status)
    events = await tables.rows("SELECT lead_id, from_status, to_status, reason, actor FROM lead_events")
    assert events == [
        {"lead_id": lead, "from_status": None, "to_status": status, "reason": "received", "actor": source}
    ]
    same = "SELECT count(*) AS n FROM lead_events e JOIN leads l ON e.lead_id = l.id AND e.at = l.created_at"
    assert await tables.rows(same) == [{"n": 1}]


async def test_update_of_a_lead_writes_no_event(tables: Tables) -> None:
    await tables.lead()
    await tables.rows("UPDATE leads SET name = 'Мария', status = 'failed'")
    assert await tables.rows("SELECT count(*) AS n FROM lead_events") == [{"n": 1}]


class NotificationListener:
    """Listens for wake-ups; a marker notification sent afterwards shows that all have arrived."""

    def __init__(self, tables: Tables, connection: psycopg.AsyncConnection) -> None:
        self.tables = tables
        self.connection = connection

    async def received(self) -> list[str]:
        """Return the payloads since the last call."""
        await self.tables.rows("SELECT pg_notify('leads_due', 'marker')")
        payloads: list[str] = []
        async for notice in self.connection.notifies(timeout=patience_seconds()):
            if notice.payload == "marker":
                return payloads
            payloads.append(notice.payload)
        raise AssertionError("the marker did not arrive")


@pytest.fixture
async def listener(postgres: Postgres) -> AsyncIterator[NotificationListener]:
    """A listener on a fresh PostgreSQL database."""
    url = postgres.create()
    database = Database(url)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute("LISTEN leads_due")
        yield NotificationListener(Tables(database), connection)
    await database.close()


async def test_new_due_lead_wakes_the_worker(listener: NotificationListener) -> None:
    await listener.tables.lead()
    assert await listener.received() == [""]
    await listener.tables.lead(due_at=PAST)
    assert await listener.received() == [""]


@pytest.mark.parametrize("values", [{"due_at": FUTURE}, {"due_at": None}])
async def test_new_lead_that_is_not_due_wakes_no_worker(
    listener: NotificationListener, values: dict[str, object]
) -> None:
    await listener.tables.lead(**values)
    assert await listener.received() == []


async def test_lead_that_becomes_due_wakes_the_worker(listener: NotificationListener) -> None:
    lead = await listener.tables.lead(due_at=FUTURE)
    await listener.tables.rows("UPDATE leads SET due_at = :due WHERE id = :id", due=PAST, id=lead)
    assert await listener.received() == [""]


async def test_other_updates_wake_no_worker(listener: NotificationListener) -> None:
    await listener.tables.lead(due_at=PAST)
    assert await listener.received() == [""]
    for change in (
        "name = 'Мария'",
        "due_at = NULL",
        f"due_at = '{FUTURE.isoformat()}'",
        f"due_at = '{PAST.isoformat()}', leased_by = 'w', leased_until = '{FUTURE.isoformat()}'",
    ):
        await listener.tables.rows(f"UPDATE leads SET {change}")
        assert await listener.received() == [], change
