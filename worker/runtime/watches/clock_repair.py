"""Repairs the moments that a wrong clock has stored, at a start and after the clock was set."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from shared.clock import Clock
from shared.database.engine import Database
from worker.accounts.flood_waits import FloodWaits
from worker.outreach import future_timestamps
from worker.queue.leases import WorkerId
from worker.runtime.wiring import build_limits
from worker.settings import WorkerSettings


class ClockRepair:
    """For one account; `flood_waits` are loaded again after each repair."""

    def __init__(
        self, settings: WorkerSettings, database: Database, flood_waits: FloodWaits, clock: Clock
    ) -> None:
        self._limits = build_limits(settings)
        self._lease = timedelta(seconds=settings.lease_seconds)
        self._database = database
        self._flood_waits = flood_waits
        self._clock = clock

    async def load_waits(self, account_id: int, slack: timedelta = future_timestamps.SLACK) -> None:
        """Load the flood waits, after shortening what lies too far ahead; `slack`: see `shorten`."""
        async with self._database.writing() as session:
            await future_timestamps.shorten(
                session, account_id, self._limits, self._lease, now=self._clock(), slack=slack
            )
        await self._flood_waits.load(account_id)

    def after_jump(self, worker_id: WorkerId, wake: Callable[[], None]) -> Callable[[float], Awaitable[None]]:
        """Return what to do when the clock was set; its argument is the jump in seconds, negative: back."""

        async def repair(jump: float) -> None:
            slack = future_timestamps.SEEN_SLACK if jump < 0 else future_timestamps.SLACK
            await self.load_waits(worker_id.account_id, slack)
            if jump < 0:
                async with self._database.writing() as session:
                    await future_timestamps.make_waiting_due(session, worker_id, now=self._clock())
            wake()

        return repair
