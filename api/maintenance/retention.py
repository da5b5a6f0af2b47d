"""Deletes old rows in batches, with pauses so that other transactions can run."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, func, select

from shared.database.engine import Database
from shared.database.models import DELIVERIES, EVENTS, LEADS
from shared.statuses import UNFINISHED

# After a long stop, a shorter setting or a jump of the clock, so much is deleted in one hour: a day of rows,
# or a twentieth of the time. A clock that was wrong for a moment costs no more than that.
STEP, STEP_SHARE, STEP_EVERY = timedelta(days=1), 20, timedelta(hours=1)
BATCH = 500
MAX_RUN_SECONDS = 10

Batches = Callable[[Database, datetime], AsyncGenerator[int]]
Oldest = Callable[[Database], Awaitable[datetime | None]]

_OLD_DELIVERIES = (
    select(DELIVERIES.c.id)
    .where(DELIVERIES.c.received_at < bindparam("before"), DELIVERIES.c.outcome != "received")
    .order_by(DELIVERIES.c.received_at)
    .limit(BATCH)
)
_OLDEST_DELIVERY = (
    select(DELIVERIES.c.received_at)
    .where(DELIVERIES.c.outcome != "received")
    .order_by(DELIVERIES.c.received_at)
    .limit(1)
)
_DELETE_DELIVERIES = delete(DELIVERIES).where(DELIVERIES.c.id.in_(_OLD_DELIVERIES))

_NEXT = (
    select(EVENTS.c.id, EVENTS.c.at)
    .where(EVENTS.c.id > bindparam("after"))
    .order_by(EVENTS.c.id)
    .limit(BATCH)
).subquery()
_NEXT_EVENTS = select(func.max(_NEXT.c.id), func.min(_NEXT.c.at))
_DELETE_EVENTS = delete(EVENTS).where(
    EVENTS.c.id > bindparam("after"),
    EVENTS.c.id <= bindparam("last"),
    EVENTS.c.at < bindparam("before"),
    exists().where(LEADS.c.id == EVENTS.c.lead_id, LEADS.c.status.not_in(sorted(UNFINISHED))),
)
_OLDEST_EVENT = select(func.min(EVENTS.c.at)).where(
    exists().where(LEADS.c.id == EVENTS.c.lead_id, LEADS.c.status.not_in(sorted(UNFINISHED)))
)


async def old_deliveries(database: Database, before: datetime) -> AsyncGenerator[int]:
    """Delete processed deliveries received before a time; yields the count of each batch."""
    while True:
        async with database.engine.begin() as connection:
            deleted = (await connection.execute(_DELETE_DELIVERIES, {"before": before})).rowcount
        if deleted == 0:
            return
        yield deleted


async def oldest_delivery(database: Database) -> datetime | None:
    """Return when the oldest delivery that may be deleted was received; None without one."""
    async with database.engine.connect() as connection:
        oldest: datetime | None = (await connection.execute(_OLDEST_DELIVERY)).scalar_one_or_none()
    return oldest


async def oldest_event(database: Database) -> datetime | None:
    """Return the time of the oldest event of a finished lead; None without one."""
    async with database.engine.connect() as connection:
        oldest: datetime | None = (await connection.execute(_OLDEST_EVENT)).scalar_one_or_none()
    return oldest


async def old_events(database: Database, before: datetime) -> AsyncGenerator[int]:
    """Delete events before a time whose leads are finished; yields the count of each batch.

    Reads the events in the order of their ids, until a batch has none before that time.
    """
    after = 0
    while True:
        async with database.engine.begin() as connection:
            last, oldest = (await connection.execute(_NEXT_EVENTS, {"after": after})).one()
            if last is None or oldest >= before:
                return
            batch = {"after": after, "last": last, "before": before}
            deleted = (await connection.execute(_DELETE_EVENTS, batch)).rowcount
        after = last
        yield deleted


class RetentionJob:
    """Deletes rows older than `kept_for` (None: keeps all), at most once in `every`.

    A run ends after `max_run_seconds`: the other jobs of the round wait for it. With `oldest`, a run deletes
    at most one step of time, and the next step is an hour later.
    """

    def __init__(
        self,
        database: Database,
        batches: Batches,
        kept_for: timedelta | None,
        *,
        every: timedelta = timedelta(),
        oldest: Oldest | None = None,
        max_run_seconds: float = MAX_RUN_SECONDS,
    ) -> None:
        self._database = database
        self._batches = batches
        self._kept_for = kept_for
        self._every = every
        self._oldest = oldest
        # Monotonic: it does not jump with the clock.
        self._next_step = 0.0
        self._max_run_seconds = max_run_seconds
        self._unfinished: AsyncGenerator[int] | None = None
        self._next_run: datetime | None = None

    async def run(self, now: datetime) -> int:
        """Continue where the last run stopped; returns the number of deleted rows."""
        if self._kept_for is None or self._is_early(now):
            return 0
        batches = self._unfinished
        if batches is None:
            if (before := await self._step(now - self._kept_for)) is None:
                self._next_run = now + self._every
                return 0
            batches = self._batches(self._database, before)
        # If a batch fails, the generator ends: the next run starts from the beginning.
        self._unfinished = None
        total, ends = 0, time.monotonic() + self._max_run_seconds
        while (started := time.monotonic()) < ends:
            deleted = await anext(batches, None)
            if deleted is None:
                self._next_run = now + self._every
                return total
            total += deleted
            # Pause as long as the batch took: SQLite has no queue for other writers.
            await asyncio.sleep(time.monotonic() - started)
        self._unfinished = batches
        return total

    def _is_early(self, now: datetime) -> bool:
        # A next run that lies further ahead was computed by a wrong clock.
        return self._next_run is not None and self._next_run - self._every <= now < self._next_run

    async def _step(self, before: datetime) -> datetime | None:
        """Return the time before which this run deletes; None if the next step is not due yet."""
        if self._oldest is None:
            return before
        if time.monotonic() < self._next_step:
            return None
        oldest = await self._oldest(self._database)
        if oldest is None or before <= oldest:
            return None
        step = max(STEP, (before - oldest) / STEP_SHARE)
        if before - oldest <= STEP:
            # The usual case: what has grown old since the last round.
            return before
        self._next_step = time.monotonic() + STEP_EVERY.total_seconds()
        return oldest + step
