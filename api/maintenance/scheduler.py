"""What the api does beside answering: it finishes what was left unfinished, and prunes."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from api.errors import log_failure, unavailable
from api.intake.reprocessing import reprocess_stale
from api.maintenance.retention import RetentionJob, old_deliveries, old_events
from api.security.rate_limiter import RateLimiter
from api.settings import ApiSettings
from shared.clock import Clock
from shared.database.engine import Database

logger = logging.getLogger(__name__)

ROUND_SECONDS = 30


class MaintenanceScheduler:
    """A round at the start and then every ROUND_SECONDS; any number of processes may do the same."""

    def __init__(
        self, database: Database, rate_limits: RateLimiter, settings: ApiSettings, clock: Clock
    ) -> None:
        self._database = database
        self._rate_limits = rate_limits
        self._settings = settings
        self._clock = clock
        self._prunings = (
            RetentionJob(database, old_deliveries, settings.delivery_retention),
            # Those that are kept are gone through again each time.
            RetentionJob(database, old_events, settings.event_retention, every=timedelta(hours=1)),
        )
        self.first_round = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Rounds beside whatever the block does."""
        task = asyncio.create_task(self._rounds())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _rounds(self) -> None:
        while True:
            for job in (self._take_up, self._prune, self._rate_limits.prune):
                await _attempt(job)
            self.first_round.set()
            await asyncio.sleep(ROUND_SECONDS)

    async def _take_up(self) -> None:
        await reprocess_stale(self._database, self._settings, self._clock())

    async def _prune(self) -> None:
        for pruning in self._prunings:
            await pruning.run(self._clock())


async def _attempt(job: Callable[[], Awaitable[None]]) -> None:
    """One job of a round. While the database is away the requests say so; a bug must not end the rounds."""
    try:
        await job()
    except Exception as error:  # noqa: BLE001 - see above
        if unavailable(error) is None:
            log_failure("upkeep", error)
