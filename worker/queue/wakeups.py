"""Wake-ups: the dispatcher waits until new work, a timer, the next poll or a stop, whichever comes first."""

import asyncio
import contextlib
import logging
from datetime import datetime

from shared.clock import Clock
from shared.database.drivers import postgres_notifications
from shared.database.drivers.sqlite_commits import watch_commits
from shared.database.engine import Database

log = logging.getLogger(__name__)

CHANNEL = "leads_due"
# How often a SQLite database is checked for new commits; a check takes some microseconds.
WATCH_SECONDS = 0.05
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
    # Leads may have become due before LISTEN.
    await postgres_notifications.listen(
        database, (CHANNEL,), lambda _channel, _payload: wakeups.wake(), wakeups.wake, log, direct
    )


async def watch(database: Database, wakeups: Wakeups) -> None:
    """Wake within 0.05 s after a commit of another connection to a SQLite database, until cancelled."""
    # The first round finds leads that became due before the watch began.
    await watch_commits(database, wakeups.wake, WATCH_SECONDS)
