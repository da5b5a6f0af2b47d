"""New leads are sorted into the search index while nobody waits for it."""

import asyncio

import httpx2
import pytest

from api import search_index
from api.search_index import SearchIndex
from shared.db import Database
from tests.api.conftest import rows

FEW = 20
DEADLINE = 30
# Of PostgreSQL's own kind, under the name of the one that needs pg_trgm.
INDEX = "CREATE INDEX ix_leads_search ON leads USING gin (to_tsvector('simple', name))"
UNSORTED = "SELECT gin_clean_pending_list('ix_leads_search') AS pages"


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_index, "SORT_AFTER", FEW)


@pytest.fixture
async def indexed(database: Database) -> Database:
    if database.is_postgres:
        await _run(database, INDEX)
    return database


async def _run(database: Database, statement: str) -> None:
    async with database.engine.begin() as connection:
        await connection.exec_driver_sql(statement)


async def _store(client: httpx2.AsyncClient, number: int) -> None:
    for at in range(number):
        lead = {"name": f"Анна {at}", "phone": f"+7916{at:07d}"}
        (
            await client.post("/leads", json=lead, headers={"Idempotency-Key": f"{number}-{at}"})
        ).raise_for_status()


async def _sorting() -> int:
    tasks = [task for task in asyncio.all_tasks() if task.get_name() == "search index"]
    await asyncio.wait_for(asyncio.gather(*tasks), DEADLINE)
    return len(tasks)


@pytest.mark.parametrize(("stored", "is_sorted"), [(FEW - 1, False), (FEW, True)])
async def test_now_and_then_new_leads_are_sorted_in(
    client: httpx2.AsyncClient, indexed: Database, stored: int, is_sorted: bool
) -> None:
    await _store(client, stored)
    await _sorting()
    if indexed.is_postgres:
        # This sorts in what there is, and says how much that was.
        assert ((await rows(indexed, UNSORTED))[0]["pages"] == 0) is is_sorted


async def test_one_sorts_at_a_time(indexed: Database) -> None:
    if not indexed.is_postgres:
        return
    await _run(
        indexed, "INSERT INTO leads (name, phone, source, status) VALUES ('Анна', '1', 'api', 'pending')"
    )
    index = SearchIndex(indexed)
    index.grew(FEW - 1)
    assert await _sorting() == 0
    index.grew(1)
    index.grew(FEW)
    assert await _sorting() == 1
    assert (await rows(indexed, UNSORTED))[0]["pages"] == 0


async def test_an_index_that_is_not_there(database: Database, caplog: pytest.LogCaptureFixture) -> None:
    if not database.is_postgres:
        return
    with caplog.at_level("DEBUG", "api.search_index"):
        SearchIndex(database).grew(FEW)
        assert await _sorting() == 1
        assert not caplog.records
        await _run(database, "CREATE INDEX ix_leads_search ON leads (name)")
        SearchIndex(database).grew(FEW)
        assert await _sorting() == 1
    assert "not a GIN index" in caplog.text
