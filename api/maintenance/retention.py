"""Deletes old rows in batches, with pauses so that other transactions can run."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, func, select

from shared.database.engine import Database
from shared.database.models import DELIVERIES, EVENTS, LEADS
from shared.statuses import UNFINISHED

BATCH = 500
MAX_RUN_SECONDS = 10

Batches = Callable[[Database, datetime], AsyncGenerator[int]]

_OLD_DELIVERIES = (
    select(DELIVERIES.c.id)
    .where(DELIVERIES.c.received_at < bindparam("before"), DELIVERIES.c.outcome != "received")
    .order_by(DELIVERIES.c.received_at)
    .limit(BATCH)
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


async def old_deliveries(database: Database, before: datetime) -> AsyncGenerator[int]:
    """Delete processed deliveries received before a time; yields the count of each batch."""
    while True:
        async with database.engine.begin() as connection:
            deleted = (await connection.execute(_DELETE_DELIVERIES, {"before": before})).rowcount
        if deleted == 0:
            return
        yield deleted


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

    A run ends after `max_run_seconds`: the other jobs of the round wait for it.
    """

    def __init__(
        self,
        database: Database,
        batches: Batches,
        kept_for: timedelta | None,
        *,
        every: timedelta = timedelta(),
        max_run_seconds: float = MAX_RUN_SECONDS,
    ) -> None:
        self._database = database
        self._batches = batches
        self._kept_for = kept_for
        self._every = every
        self._max_run_seconds = max_run_seconds
        self._unfinished: AsyncGenerator[int] | None = None
        self._next_run: datetime | None = None

    async def run(self, now: datetime) -> int:
        """Continue where the last run stopped; returns the number of deleted rows."""
        if self._kept_for is None or (self._next_run is not None and now < self._next_run):
            return 0
        batches = self._unfinished or self._batches(self._database, now - self._kept_for)
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
