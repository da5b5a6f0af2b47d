"""Wake-ups: work, a timer, the poll, a due lead, or a write to SQLite ends the wait of the dispatcher."""

import asyncio
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.clock import utc_now
from shared.database.engine import Database
from tests.support.rows import add_lead
from tests.support.waiting import in_time, patience
from worker.queue.wakeups import WATCH_SECONDS, Wakeups, listen, watch

NEVER = 3600


async def ended(wakeups: Wakeups) -> bool:
    """Return True if a wake-up ends the wait long before the poll."""
    try:
        async with patience():
            await wakeups.wait()
    except TimeoutError:
        return False
    return True


async def test_a_wake_up_before_the_wait_ends_it_at_once() -> None:
    wakeups = Wakeups(utc_now, NEVER)
    wakeups.wake()
    wakeups.wake()
    assert await ended(wakeups)
    # Two wake-ups end only one wait.
    waiting = asyncio.create_task(wakeups.wait())
    await asyncio.wait({waiting}, timeout=0.05)
    assert not waiting.done()
    wakeups.wake()
    await in_time(waiting)


@pytest.mark.parametrize("delay", [timedelta(milliseconds=50), timedelta(), timedelta(hours=-1)])
async def test_the_wait_ends_at_a_set_moment(delay: timedelta) -> None:
    wakeups = Wakeups(utc_now, NEVER)
    moment = utc_now() + delay
    wakeups.wake_at(moment)
    assert await ended(wakeups)
    assert utc_now() >= moment


async def test_a_timer_waits_again_if_the_clock_is_set_back() -> None:
    behind = timedelta()
    wakeups = Wakeups(lambda: utc_now() - behind, NEVER)
    moment = utc_now() + timedelta(milliseconds=20)
    wakeups.wake_at(moment)
    behind = timedelta(milliseconds=80)
    assert await ended(wakeups)
    assert utc_now() - behind >= moment


async def test_the_wait_ends_after_the_poll_interval() -> None:
    assert await ended(Wakeups(utc_now, 0.01))


@pytest.fixture
async def database(request: pytest.FixtureRequest) -> AsyncIterator[Database]:
    database = Database(request.getfixturevalue("postgres").create())
    yield database
    await database.close()


async def test_a_due_lead_wakes_the_worker(database: Database) -> None:
    wakeups = Wakeups(utc_now, NEVER)
    listening = asyncio.create_task(listen(database, wakeups))
    # Leads that became due before LISTEN are looked for at once.
    assert await ended(wakeups)
    await add_lead(database, due_at=utc_now())
    assert await ended(wakeups)
    await add_lead(database, due_at=utc_now() + timedelta(hours=1))
    waiting = asyncio.create_task(wakeups.wait())
    await asyncio.wait({waiting}, timeout=0.1)
    assert not waiting.done()
    waiting.cancel()
    listening.cancel()
    await asyncio.gather(waiting, listening, return_exceptions=True)


async def test_a_write_to_sqlite_by_another_connection_wakes_the_worker(sqlite_url: str) -> None:
    database, wakeups = Database(sqlite_url), Wakeups(utc_now, NEVER)
    watching = asyncio.create_task(watch(database, wakeups))
    assert await ended(wakeups), "what became due before is looked for"
    written = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version = 7')"
    done = await asyncio.create_subprocess_exec(sys.executable, "-c", written, database.url.database or "")
    assert await done.wait() == 0
    assert await ended(wakeups)
    waiting = asyncio.create_task(wakeups.wait())
    await asyncio.wait({waiting}, timeout=4 * WATCH_SECONDS)
    assert not waiting.done(), "nobody has written"
    waiting.cancel()
    watching.cancel()
    await asyncio.gather(waiting, watching, return_exceptions=True)
    await database.close()
