"""New leads are sorted into the search index while nobody waits for it."""

import asyncio

import httpx2
import pytest

from api.intake.search_index import SORT_AFTER, SearchIndex
from shared.database.engine import Database
from tests.api.conftest import rows, running
from tests.support.waiting import patience_seconds

AT_ONCE = 50
# Of PostgreSQL's own kind, under the name of the one that needs pg_trgm.
INDEX = "CREATE INDEX ix_leads_search ON leads USING gin (to_tsvector('simple', name))"
UNSORTED = "SELECT gin_clean_pending_list('ix_leads_search') AS pages"


@pytest.fixture
async def indexed(database: Database) -> Database:
    if database.is_postgres:
        await _run(database, INDEX)
    return database


async def _run(database: Database, statement: str) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(statement)


async def _store(client: httpx2.AsyncClient, number: int) -> None:
    async def store(at: int) -> None:
        lead = {"name": f"Анна {at}", "phone": f"+7916{at:07d}"}
        (await client.post("/leads", json=lead)).raise_for_status()

    for first in range(0, number, AT_ONCE):
        await asyncio.gather(*(store(at) for at in range(first, min(number, first + AT_ONCE))))


async def _sorting() -> int:
    tasks = [task for task in asyncio.all_tasks() if task.get_name() == "search index"]
    await asyncio.wait_for(asyncio.gather(*tasks), patience_seconds())
    return len(tasks)


async def test_now_and_then_new_leads_are_sorted_in(database_url: str, indexed: Database) -> None:
    async with running(database_url, rate_limit_per_minute=0) as client:
        await _store(client, SORT_AFTER)
        await _sorting()
    if indexed.is_postgres:
        # This sorts in what there is, and says how much that was.
        assert (await rows(indexed, UNSORTED))[0]["pages"] == 0


async def test_one_sorts_at_a_time(indexed: Database) -> None:
    if not indexed.is_postgres:
        return
    await _run(
        indexed, "INSERT INTO leads (name, phone, source, status) VALUES ('Анна', '1', 'api', 'pending')"
    )
    index = SearchIndex(indexed)
    index.grew(SORT_AFTER - 1)
    assert await _sorting() == 0
    index.grew(1)
    index.grew(SORT_AFTER)
    assert await _sorting() == 1
    assert (await rows(indexed, UNSORTED))[0]["pages"] == 0


async def test_an_index_that_is_not_there(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    if not database.is_postgres:
        return
    with caplog.at_level("DEBUG", "api.intake.search_index"):
        SearchIndex(database).grew(SORT_AFTER)
        assert await _sorting() == 1
        assert not caplog.records
        await _run(database, "CREATE INDEX ix_leads_search ON leads (name)")
        SearchIndex(database).grew(SORT_AFTER)
        assert await _sorting() == 1
    assert "not a GIN index" in caplog.text
