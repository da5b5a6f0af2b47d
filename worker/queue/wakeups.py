"""Wake-ups: the dispatcher waits until new work, a timer, the next poll or a stop, whichever comes first."""

import asyncio
import contextlib
import logging
import secrets
import sqlite3
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import text

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, SERVER_PID, Database, is_pooled
from shared.database.urls import async_url, driver_address

log = logging.getLogger(__name__)

CHANNEL = "leads_due"
# How often a SQLite database is checked for new commits; a check takes some microseconds.
WATCH_SECONDS = 0.05
# The pause before a new connection; meanwhile the poll finds due leads.
RECONNECT_SECONDS = 2
# A notification from another connection normally arrives within a millisecond.
NOTIFY_TIMEOUT_SECONDS = 2
# The pause before the next check for a pooler in transaction mode: its mode seldom changes.
POOLER_RECHECK_SECONDS = 600
NO_NOTIFICATIONS = (
    "no wake-ups, polling instead: DATABASE_URL leads through a pooler in transaction mode, which drops them;"
    " set DATABASE_LISTEN_URL to the server's own address"
)
# Slots that become free at almost the same time are filled by one claim: a claim costs the same for one lead
# as for many.
SOON_SECONDS = 0.1
# No timer is set further ahead than this or the poll interval; the poll finds leads that are due later.
MAX_TIMER_SECONDS = 60


class Wakeups:
    """Any part of the worker may call `wake`; only the dispatcher calls `wait`."""

    def __init__(self, clock: Clock, poll_seconds: float) -> None:
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._event = asyncio.Event()
        self._soon: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """End the wait: there is work now."""
        self._event.set()

    def wake_soon(self) -> None:
        """End the wait in 0.1 s: there may be work, and more may follow within that time."""
        if self._soon is None or self._soon.when() <= asyncio.get_running_loop().time():
            self._soon = asyncio.get_running_loop().call_later(SOON_SECONDS, self.wake)

    def wake_at(self, moment: datetime) -> None:
        """End the wait at `moment` (UTC). Later than 60 s and the poll interval, the poll finds the work."""
        delay = (moment - self._clock()).total_seconds()
        if delay < max(MAX_TIMER_SECONDS, self._poll_seconds):
            asyncio.get_running_loop().call_later(max(0.0, delay), self._wake_if_reached, moment)

    def _wake_if_reached(self, moment: datetime) -> None:
        # A clock that is being adjusted may be a little behind the timer; then no lead would be due yet.
        if self._clock() < moment:
            self.wake_at(moment)
        else:
            self.wake()

    async def wait(self) -> None:
        """Return at the next wake-up, or after the poll interval."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await self._event.wait()
        self._event.clear()


async def listen(database: Database, wakeups: Wakeups, *, direct: str | None = None) -> None:
    """Wake at once when PostgreSQL notifies of a due lead, until cancelled. For SQLite use `watch`.

    `direct`: the URL of the server itself, for a database URL that leads through a transaction-mode pooler.
    """
    address = driver_address(async_url(direct) if direct else database.url)
    while True:
        pause = RECONNECT_SECONDS
        try:
            connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
            async with connection:
                if await _drops_notifications(connection, database):
                    log.warning(NO_NOTIFICATIONS)
                    pause = POOLER_RECHECK_SECONDS
                else:
                    await _wake_on_notifications(connection, wakeups)
        except (psycopg.Error, *DATABASE_DOWN) as error:
            log.warning("wake-ups lost, polling meanwhile: %s", type(error).__name__)
        await asyncio.sleep(pause)


async def watch(database: Database, wakeups: Wakeups) -> None:
    """Wake within 0.05 s after a commit of another connection to a SQLite database, until cancelled.

    `PRAGMA data_version` changes with commits of all other connections, also of other processes
    (https://sqlite.org/pragma.html#pragma_data_version).
    """
    while True:
        # timeout=0: a call never waits for a lock. What cannot be read now is read in the next round.
        connection = sqlite3.connect(database.url.database or "", timeout=0)
        with contextlib.suppress(sqlite3.Error), contextlib.closing(connection):
            await _wake_on_commits(connection, wakeups)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _wake_on_commits(connection: sqlite3.Connection, wakeups: Wakeups) -> None:
    last_version = None
    while True:
        # Fetch all rows: an unfinished statement would keep old pages in use.
        version = connection.execute("PRAGMA data_version").fetchall()
        if version != last_version:
            # The first round finds leads that became due before the watch began.
            wakeups.wake()
            last_version = version
        await asyncio.sleep(WATCH_SECONDS)


async def _wake_on_notifications(connection: psycopg.AsyncConnection[Any], wakeups: Wakeups) -> None:
    await connection.execute(f"LISTEN {CHANNEL}")
    # Leads may have become due before LISTEN.
    wakeups.wake()
    async for _ in connection.notifies():
        wakeups.wake()


async def _drops_notifications(connection: psycopg.AsyncConnection[Any], database: Database) -> bool:
    """Return True if a pooler in transaction mode stands between: it drops notifications for this session."""
    row = await (await connection.execute(f"SELECT {SERVER_PID}")).fetchone()
    if row is None or not is_pooled(connection.info.backend_pid, row[0]):
        return False
    # A pooler in session mode passes notifications on. Only a test notification tells the modes apart.
    channel = f"hear_{secrets.token_hex(8)}"
    await connection.execute(f"LISTEN {channel}")
    async with database.autocommit.begin() as other:
        await other.execute(text(f"NOTIFY {channel}"))
    async for _ in connection.notifies(timeout=NOTIFY_TIMEOUT_SECONDS, stop_after=1):
        await connection.execute(f"UNLISTEN {channel}")
        return False
    return True
