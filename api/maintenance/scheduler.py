"""Periodic jobs of the API: finish unprocessed deliveries, and delete old rows."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from api.errors import log_failure, unavailable
from api.intake.reprocessing import reprocess_stale, take_up_mistaken
from api.maintenance.retention import (
    RetentionJob,
    old_deliveries,
    old_events,
    oldest_delivery,
    oldest_event,
)
from api.security.rate_limiter import RateLimiter
from api.settings import ApiSettings
from shared.clock import Clock
from shared.database.engine import Database

logger = logging.getLogger(__name__)

ROUND_SECONDS = 30


class MaintenanceScheduler:
    """Runs all jobs at startup and then every ROUND_SECONDS; any number of processes may do so."""

    def __init__(
        self, database: Database, rate_limiter: RateLimiter, settings: ApiSettings, clock: Clock
    ) -> None:
        self._database = database
        self._rate_limiter = rate_limiter
        self._settings = settings
        self._clock = clock
        self._retention_jobs = (
            RetentionJob(database, old_deliveries, settings.delivery_retention, oldest=oldest_delivery),
            # Each run reads all kept events again, so it runs rarely.
            RetentionJob(
                database,
                old_events,
                settings.event_retention,
                every=timedelta(hours=1),
                oldest=oldest_event,
            ),
        )
        self._has_taken_up = False
        self.first_round = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Run the rounds in the background while the block runs."""
        task = asyncio.create_task(self._rounds())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _rounds(self) -> None:
        while True:
            for job in (self._reprocess, self._prune, self._rate_limiter.prune):
                await _run_safely(job)
            self.first_round.set()
            await asyncio.sleep(ROUND_SECONDS)

    async def _reprocess(self) -> None:
        if not self._has_taken_up:
            await take_up_mistaken(self._database)
            self._has_taken_up = True
        await reprocess_stale(self._database, self._settings, self._clock())

    async def _prune(self) -> None:
        for job in self._retention_jobs:
            await job.run(self._clock())


async def _run_safely(job: Callable[[], Awaitable[None]]) -> None:
    """Run one job; a bug in it must not end the rounds. An unreachable database is not logged here."""
    try:
        await job()
    except Exception as error:  # noqa: BLE001 - see the docstring
        if unavailable(error) is None:
            log_failure("maintenance", error)
