"""Behind PgBouncer in transaction mode, the product relies on no state of a database session."""

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from shared.clock import utc_now
from shared.database.drivers.postgres_notifications import NO_NOTIFICATIONS
from shared.database.engine import Database
from tests.conftest import Postgres
from tests.support.rows import add_lead
from tests.support.waiting import patience, until_async
from worker.queue.wakeups import Wakeups, listen

NEVER = 3600
# Psycopg prepares a statement after its fifth execution.
OFTEN = 8


@pytest.fixture
def url(postgres: Postgres) -> str:
    """The URL of a migrated database; the migrations went through the pooler, too."""
    return postgres.create()


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.close()


async def test_statements_run_often_on_many_connections(database: Database) -> None:
    async def repeat() -> int:
        async with database.engine.connect() as connection:
            for _ in range(OFTEN):
                await connection.execute(text("SELECT count(*) FROM leads WHERE id > :id"), {"id": 0})
                await connection.commit()
            raw = await connection.get_raw_connection()
            assert raw.driver_connection is not None
            assert raw.driver_connection.prepare_threshold is None
            return OFTEN

    assert await asyncio.gather(*(repeat() for _ in range(10))) == [OFTEN] * 10


async def test_a_worker_without_notifications_warns_once(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    wakeups = Wakeups(utc_now, NEVER)
    with caplog.at_level(logging.WARNING):
        listening = asyncio.create_task(listen(database, wakeups))
        await until_async(lambda: NO_NOTIFICATIONS in caplog.messages, "the warning is logged")
        assert not listening.done()
    assert caplog.messages == [NO_NOTIFICATIONS]
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_notifications_arrive_over_the_direct_address(
    database: Database, url: str, postgres: Postgres
) -> None:
    wakeups = Wakeups(utc_now, NEVER)
    direct = postgres.direct_url(str(database.url.database))
    listening = asyncio.create_task(listen(database, wakeups, direct=direct))
    async with patience():
        await wakeups.wait()
        await add_lead(database, due_at=utc_now())
        await wakeups.wait()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
