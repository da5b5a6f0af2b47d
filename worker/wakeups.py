"""What ends the loop's wait: new work, a moment that was set, a poll or a stop, whichever comes first."""

import asyncio
import contextlib
import logging
from datetime import datetime

import psycopg

from shared.clock import Clock
from shared.db import Database

log = logging.getLogger(__name__)

CHANNEL = "leads_due"
# After a lost connection: the poll finds the leads meanwhile.
RECONNECT_SECONDS = 2
# Timers are set no further ahead than this.
FORESIGHT_SECONDS = 3600


class Wakeups:
    """Anyone may `wake`; only the loop waits."""

    def __init__(self, clock: Clock, poll_seconds: float) -> None:
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._event = asyncio.Event()

    def wake(self) -> None:
        """There is work now."""
        self._event.set()

    def wake_at(self, moment: datetime) -> None:
        """There will be work at `moment`; what is hours away is found by the poll."""
        delay = (moment - self._clock()).total_seconds()
        if delay < FORESIGHT_SECONDS:
            asyncio.get_running_loop().call_later(max(0.0, delay), self.wake)

    async def wait(self) -> None:
        """Return at the next wake-up, or after the poll interval."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._poll_seconds):
                await self._event.wait()
        self._event.clear()


async def listen(database: Database, wakeups: Wakeups) -> None:
    """Wake at once when a lead becomes due, until cancelled. For PostgreSQL: SQLite has only the poll."""
    address = database.url.set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
            async with connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                # What became due before we listened.
                wakeups.wake()
                async for _ in connection.notifies():
                    wakeups.wake()
        except (psycopg.Error, OSError) as error:
            log.warning("wake-ups lost, polling meanwhile: %s", type(error).__name__)
        await asyncio.sleep(RECONNECT_SECONDS)
