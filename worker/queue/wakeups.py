"""What ends the loop's wait: new work, a moment that was set, a poll or a stop, whichever comes first."""

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
# How often a SQLite database is asked whether anybody has written: some microseconds each time.
WATCH_SECONDS = 0.05
# After a lost connection: the poll finds the leads meanwhile.
RECONNECT_SECONDS = 2
# A call on another connection is heard within a millisecond.
HEAR_SECONDS = 2
# A pooler's mode is seldom changed.
DEAF_SECONDS = 600
DEAF = (
    "no wake-ups, polling instead: DATABASE_URL leads through a pooler in transaction mode, which drops them;"
    " set DATABASE_LISTEN_URL to the server's own address"
)
# Places that become free are filled together: a claim costs the same for one lead as for many.
SOON_SECONDS = 0.1
# Timers are set no further ahead than this: beyond, whoever is due may as well wait for the next poll.
FORESIGHT_SECONDS = 60


class Wakeups:
    """Anyone may `wake`; only the loop waits."""

    def __init__(self, clock: Clock, poll_seconds: float) -> None:
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._event = asyncio.Event()
        self._soon: asyncio.TimerHandle | None = None

    def wake(self) -> None:
        """There is work now."""
        self._event.set()

    def wake_soon(self) -> None:
        """There may be work, and a moment later more of it."""
        if self._soon is None or self._soon.when() <= asyncio.get_running_loop().time():
            self._soon = asyncio.get_running_loop().call_later(SOON_SECONDS, self.wake)

    def wake_at(self, moment: datetime) -> None:
        """There will be work at `moment`; what is minutes away is found by the poll."""
        delay = (moment - self._clock()).total_seconds()
        if delay < max(FORESIGHT_SECONDS, self._poll_seconds):
            asyncio.get_running_loop().call_later(max(0.0, delay), self._ring, moment)

    def _ring(self, moment: datetime) -> None:
        # A clock that is being set right may be a little behind the timer, and nothing would be due yet.
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
    """Wake at once when a lead becomes due, until cancelled. For PostgreSQL; SQLite is to be watched.

    `direct`: the server's own address, if the database's leads through a pooler that keeps no sessions.
    """
    address = driver_address(async_url(direct) if direct else database.url)
    while True:
        pause = RECONNECT_SECONDS
        try:
            connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
            async with connection:
                if await _is_deaf(connection, database):
                    log.warning(DEAF)
                    pause = DEAF_SECONDS
                else:
                    await _hear(connection, wakeups)
        except (psycopg.Error, *DATABASE_DOWN) as error:
            log.warning("wake-ups lost, polling meanwhile: %s", type(error).__name__)
        await asyncio.sleep(pause)


async def watch(database: Database, wakeups: Wakeups) -> None:
    """Wake soon after anybody has written to a SQLite database, until cancelled.

    `PRAGMA data_version` tells of commits of all other connections, those of other processes too
    (https://sqlite.org/pragma.html#pragma_data_version).
    """
    while True:
        # It never waits: what cannot be read now is read soon.
        connection = sqlite3.connect(database.url.database or "", timeout=0)
        with contextlib.suppress(sqlite3.Error), contextlib.closing(connection):
            await _see(connection, wakeups)
        await asyncio.sleep(RECONNECT_SECONDS)


async def _see(connection: sqlite3.Connection, wakeups: Wakeups) -> None:
    seen = None
    while True:
        # All of it: a statement in the middle of its rows would keep old pages in use.
        version = connection.execute("PRAGMA data_version").fetchall()
        if version != seen:
            # At first: what became due before we watched.
            wakeups.wake()
            seen = version
        await asyncio.sleep(WATCH_SECONDS)


async def _hear(connection: psycopg.AsyncConnection[Any], wakeups: Wakeups) -> None:
    await connection.execute(f"LISTEN {CHANNEL}")
    # What became due before we listened.
    wakeups.wake()
    async for _ in connection.notifies():
        wakeups.wake()


async def _is_deaf(connection: psycopg.AsyncConnection[Any], database: Database) -> bool:
    """Whether a pooler is between that hands our session to others once we are silent."""
    row = await (await connection.execute(f"SELECT {SERVER_PID}")).fetchone()
    if row is None or not is_pooled(connection.info.backend_pid, row[0]):
        return False
    # In session mode it is as good as none: only a call that is not heard tells.
    call = f"hear_{secrets.token_hex(8)}"
    await connection.execute(f"LISTEN {call}")
    async with database.autocommit.begin() as other:
        await other.execute(text(f"NOTIFY {call}"))
    async for _ in connection.notifies(timeout=HEAR_SECONDS, stop_after=1):
        await connection.execute(f"UNLISTEN {call}")
        return False
    return True
