"""New leads are merged into the search index in the background."""

import asyncio

import httpx2
import pytest

from api.intake.search_index import MERGE_AFTER, SearchIndex
from shared.database.engine import Database
from tests.api.conftest import rows, running
from tests.support.waiting import in_time

CONCURRENCY = 50
# A GIN index without pg_trgm, under the name of the real one.
INDEX = "CREATE INDEX ix_leads_search ON leads USING gin (to_tsvector('simple', name))"
PENDING_PAGES = "SELECT gin_clean_pending_list('ix_leads_search') AS pages"


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

    for first in range(0, number, CONCURRENCY):
        await asyncio.gather(*(store(at) for at in range(first, min(number, first + CONCURRENCY))))


async def _wait_for_merges() -> int:
    tasks = [task for task in asyncio.all_tasks() if task.get_name() == "search index"]
    await in_time(asyncio.gather(*tasks))
    return len(tasks)


async def test_new_leads_are_merged_after_enough_inserts(database_url: str, indexed: Database) -> None:
    async with running(database_url, rate_limit_per_minute=0) as client:
        await _store(client, MERGE_AFTER)
        await _wait_for_merges()
    if indexed.is_postgres:
        # The query merges the pending entries and returns how many pages there were.
        assert (await rows(indexed, PENDING_PAGES))[0]["pages"] == 0


async def test_only_one_merge_runs_at_a_time(indexed: Database) -> None:
    if not indexed.is_postgres:
        return
    await _run(
        indexed, "INSERT INTO leads (name, phone, source, status) VALUES ('Анна', '1', 'api', 'pending')"
    )
    index = SearchIndex(indexed)
    index.record_inserts(MERGE_AFTER - 1)
    assert await _wait_for_merges() == 0
    index.record_inserts(1)
    index.record_inserts(MERGE_AFTER)
    assert await _wait_for_merges() == 1
    assert (await rows(indexed, PENDING_PAGES))[0]["pages"] == 0


async def test_a_missing_or_other_index_is_ignored(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    if not database.is_postgres:
        return
    with caplog.at_level("DEBUG", "api.intake.search_index"):
        SearchIndex(database).record_inserts(MERGE_AFTER)
        assert await _wait_for_merges() == 1
        assert not caplog.records
        await _run(database, "CREATE INDEX ix_leads_search ON leads (name)")
        SearchIndex(database).record_inserts(MERGE_AFTER)
        assert await _wait_for_merges() == 1
    assert "WrongObjectType" in caplog.text
