"""Notices commits of other connections to a SQLite database, also of other processes."""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable

from shared.backoff import GrowingPause
from shared.database.engine import Database

# The first pause before a new connection after an error, and the longest.
REOPEN_SECONDS, MAX_REOPEN_SECONDS = 2.0, 30.0


async def watch_commits(database: Database, on_commit: Callable[[], None], seconds: float) -> None:
    """Call `on_commit` at the start and at most every `seconds` after a commit, until cancelled.

    `PRAGMA data_version` changes with commits of all other connections, also of other processes
    (https://sqlite.org/pragma.html#pragma_data_version). A check takes some microseconds.
    """
    pause = GrowingPause(base=REOPEN_SECONDS, maximum=MAX_REOPEN_SECONDS)

    while True:
        began = time.monotonic()
        with contextlib.suppress(sqlite3.Error):
            # timeout=0: a call never waits for a lock. What cannot be read now is read in the next round.
            connection = sqlite3.connect(database.url.database or "", timeout=0)
            with contextlib.closing(connection):
                await _watch(connection, on_commit, seconds)
        await asyncio.sleep(pause.failed(time.monotonic() - began))


async def _watch(connection: sqlite3.Connection, on_commit: Callable[[], None], seconds: float) -> None:
    last_version = None
    while True:
        # Fetch all rows: an unfinished statement would keep old pages in use.
        version = connection.execute("PRAGMA data_version").fetchall()
        if version != last_version:
            on_commit()
            last_version = version
        await asyncio.sleep(seconds)
