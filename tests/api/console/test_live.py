"""Live updates: what a page is told of, and that nothing runs without a page."""

import asyncio

import pytest

from api.console.live.hub import Hub, Page, hub_of
from shared.database.engine import Database
from shared.database.models import Message
from tests.api.conftest import Client, add_contacted_lead, rows
from tests.support.waiting import patience, until_async


@pytest.fixture
async def hub(client: Client) -> Hub:
    return hub_of(client.app)


async def _is_ready(page: Page) -> None:
    """Wait until the listener has told the page to fetch everything, and forget that."""
    page.everything, page.changed = False, set()
    page.has_news.clear()
    async with patience():
        await page.has_news.wait()
    page.has_news.clear()


async def test_new_words_are_told(hub: Hub, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    async with hub.open_page() as page:
        await _is_ready(page)
        page.everything = False
        async with database.writing() as session:
            session.add(Message(lead_id=lead_id, direction="in", kind="reply", state="received", text="Да"))
        async with patience():
            await page.has_news.wait()
        # SQLite tells that something changed, PostgreSQL what.
        assert page.changed == {lead_id} or page.everything
        assert (page.changed == {lead_id}) is database.is_postgres


async def test_without_a_page_postgresql_notifies_nobody_and_no_task_runs(
    hub: Hub, database: Database
) -> None:
    assert hub._task is None
    others = asyncio.all_tasks()
    assert await rows(database, "SELECT * FROM console_watch") == []
    async with hub.open_page() as page:
        await _is_ready(page)
        assert hub._task is not None
        assert len(await rows(database, "SELECT * FROM console_watch")) == (1 if database.is_postgres else 0)
    assert hub._task is None
    await until_async(lambda: asyncio.all_tasks() <= others, "the listener has ended")


async def test_a_stop_ends_the_streams(client: Client) -> None:
    stops = False
    client.app.state.is_stopping = lambda: stops
    async with hub_of(client.app).open_page() as page:
        stops = True
        await until_async(lambda: page.is_over, "the page is told")
