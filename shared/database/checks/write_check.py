"""Checks whether the database stores: reading may still work while every write fails."""

import asyncio
import secrets
import shutil
from pathlib import Path

from sqlalchemy import URL, insert
from sqlalchemy.exc import SQLAlchemyError

from shared.clock import utc_now
from shared.database.drivers.connections import sync_sqlite
from shared.database.engine import Database, answered_within
from shared.database.faults.driver_errors import unavailable
from shared.database.faults.error_classes import Fault, classify
from shared.database.faults.error_tables import DISK_FULL, Meaning
from shared.database.models import DELIVERIES
from shared.database.timeouts import READY_SECONDS

# More than a page, so that the database needs new space. Written often, it must be small.
SMALL_BYTES = 4_096
# For a check that is made once: a disk that is nearly full has no room for it.
LARGE_BYTES = 512 * 1024
# SQLite needs as much for its journal.
MIN_FREE_BYTES = 4 * 1024 * 1024
_ID_BITS = 48
# The part of the time that a lock of SQLite is waited for; the rest is for all other steps.
_LOCK_SHARE = 0.75


async def check_writing(
    database: Database, *, size: int = SMALL_BYTES, seconds: float = READY_SECONDS
) -> Fault | None:
    """Return why the database cannot store; None if it can.

    Writes a delivery of `size` bytes and rolls it back. Takes at most `seconds`.
    """
    if (fault := database.recent_write_fault) is not None:
        return fault
    if not database.is_postgres and _is_disk_full(Path(database.url.database or "")):
        return Fault(DISK_FULL.kind, DISK_FULL.reason)
    try:
        async with answered_within(seconds):
            await _write_and_roll_back(database, size, seconds)
    except (SQLAlchemyError, OSError) as error:
        return classify(error)
    return None


async def _write_and_roll_back(database: Database, size: int, seconds: float) -> None:
    row = {
        # An id that no delivery has: a rolled back one would leave a gap.
        "id": -1 - secrets.randbits(_ID_BITS),
        "source": "check",
        "received_at": utc_now(),
        # Random: the database must not be able to compress it.
        "body": secrets.token_hex(size // 2),
        "outcome": "probe",
    }
    if not database.is_postgres:
        # In a thread: the async driver cannot be cancelled while it waits for a lock.
        await asyncio.to_thread(_write_to_sqlite, database.url, row, seconds * _LOCK_SHARE)
        return
    async with database.engine.connect() as connection:
        await connection.execute(insert(DELIVERIES), row)
        await connection.rollback()


def _write_to_sqlite(url: URL, row: dict[str, object], seconds: float) -> None:
    engine = sync_sqlite(url, busy_seconds=seconds)
    try:
        with engine.connect() as connection:
            connection.execute(insert(DELIVERIES), row)
            connection.rollback()
    finally:
        engine.dispose()


def _is_disk_full(file: Path) -> bool:
    try:
        return shutil.disk_usage(file.absolute().parent).free < MIN_FREE_BYTES
    except OSError:
        return False


class WriteCheck:
    """Lets concurrent callers share one check: anyone may ask for readiness, and each check is a write."""

    def __init__(self, database: Database, *, seconds: float = READY_SECONDS) -> None:
        self._database = database
        self._seconds = seconds
        self._running: asyncio.Task[Fault | None] | None = None

    async def fault(self) -> Fault | None:
        """Return why the database cannot store; None if it can."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(check_writing(self._database, seconds=self._seconds))
        return await asyncio.shield(self._running)

    async def raise_fault(self) -> None:
        """Raise DatabaseUnavailableError if the database cannot store."""
        if (fault := await self.fault()) is not None:
            raise unavailable(Meaning(fault.kind, fault.reason))
