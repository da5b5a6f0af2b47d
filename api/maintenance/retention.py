"""What is old goes a batch at a time, and between two batches everybody else has their turn."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, func, select

from api.intake.deliveries import DELIVERIES
from shared.database.engine import Database
from shared.database.models import EVENTS, LEADS
from shared.statuses import OPEN, LeadStatus

BATCH = 500
TURN_SECONDS = 10
# Their history still has its use: for the human who has the conversation, and for where it goes on.
UNFINISHED = OPEN | {LeadStatus.PENDING, LeadStatus.HANDED_OFF}

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
    EVENTS.c.id <= bindparam("upto"),
    EVENTS.c.at < bindparam("before"),
    exists().where(LEADS.c.id == EVENTS.c.lead_id, LEADS.c.status.not_in(sorted(UNFINISHED))),
)


async def old_deliveries(database: Database, before: datetime) -> AsyncGenerator[int]:
    """Delete what was received before a moment and is finished; gives how many went with each batch."""
    while True:
        async with database.engine.begin() as connection:
            gone = (await connection.execute(_DELETE_DELIVERIES, {"before": before})).rowcount
        if gone == 0:
            return
        yield gone


async def old_events(database: Database, before: datetime) -> AsyncGenerator[int]:
    """Delete the events before a moment of leads that are finished; gives how many went with each batch.

    They are gone through in the order in which they were written, until they are as young as that.
    """
    after = 0
    while True:
        async with database.engine.begin() as connection:
            upto, oldest = (await connection.execute(_NEXT_EVENTS, {"after": after})).one()
            if upto is None or oldest >= before:
                return
            batch = {"after": after, "upto": upto, "before": before}
            gone = (await connection.execute(_DELETE_EVENTS, batch)).rowcount
        after = upto
        yield gone


class RetentionJob:
    """Keeps rows for `kept_for` (None = for ever), and looks for older ones every so often.

    A turn takes so many seconds at most: whoever else has something to do in a round waits for it.
    """

    def __init__(
        self,
        database: Database,
        batches: Batches,
        kept_for: timedelta | None,
        *,
        every: timedelta = timedelta(),
        turn_seconds: float = TURN_SECONDS,
    ) -> None:
        self._database = database
        self._batches = batches
        self._kept_for = kept_for
        self._every = every
        self._turn_seconds = turn_seconds
        self._under_way: AsyncGenerator[int] | None = None
        self._next: datetime | None = None

    async def run(self, now: datetime) -> int:
        """Go on where the last turn ended; gives how many rows went."""
        if self._kept_for is None or (self._next is not None and now < self._next):
            return 0
        batches = self._under_way or self._batches(self._database, now - self._kept_for)
        # A batch that fails ends them all: the next turn begins anew.
        self._under_way = None
        pruned, ends = 0, time.monotonic() + self._turn_seconds
        while (began := time.monotonic()) < ends:
            gone = await anext(batches, None)
            if gone is None:
                self._next = now + self._every
                return pruned
            pruned += gone
            # As long again for everybody else: SQLite has no queue in which they would stand.
            await asyncio.sleep(time.monotonic() - began)
        self._under_way = batches
        return pruned
