"""Stores submissions as leads, each exactly once, together with the deliveries that brought them."""

import asyncio
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Protocol

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from api.intake.deliveries import store_all, store_without_lead
from api.intake.store import NothingSentError, Results, store
from api.intake.submission import Delivery, KeyedSubmission, Result
from shared.database.drivers.connections import sync_sqlite
from shared.database.engine import Database, answered_within
from shared.database.faults.driver_errors import unavailable
from shared.database.faults.error_classes import classify
from shared.database.faults.error_tables import NO_ANSWER
from shared.database.timeouts import FORM_SECONDS
from shared.group_commit import GroupCommit

logger = logging.getLogger(__name__)

# In a larger batch each request would wait longer than for two smaller commits.
MAX_BATCH = 64


class BatchWriter(Protocol):
    """Stores several submissions in one transaction."""

    async def __call__(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        """Return the results by key, without the arrivals that must be stored alone. Keys must be unique.

        Raises NothingSentError, or the database's error if it is unknown whether it was committed.
        """
        ...

    def close(self) -> None:
        """Close the writer's own connections and threads."""
        ...


def batch_writer_for(database: Database, window: timedelta) -> BatchWriter:
    """Return the writer for this database; `window` is how long an identical submission is a repeat."""
    if database.is_postgres:
        from api.intake.postgres_writer import PostgresWriter  # noqa: PLC0415 - as in shared.database.drivers.connections

        return PostgresWriter(database, window)
    return SqliteWriter(database, window)


class SqliteWriter:
    """Uses one thread with one connection: a transaction is one call to the thread, not one per statement."""

    def __init__(self, database: Database, window: timedelta) -> None:
        self._window = window
        self._engine: Engine = sync_sqlite(database.url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")

    async def __call__(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, arrivals)

    def _commit(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._engine.begin())
            except SQLAlchemyError as error:
                raise NothingSentError(error) from error
            return store(connection, arrivals, self._window)

    def close(self) -> None:
        self._thread.shutdown()
        self._engine.dispose()


class IntakeWriter:
    """Stores concurrent submissions in one transaction, or each alone if that fails.

    A lead, its first event and the delivery that brought it are one commit, and the answer is sent after it.
    If the process dies before, no answer was sent: the sender tries again. If a lead cannot be stored, its
    delivery is stored alone, as `received`, and processed later.
    `window`: how long an identical submission from the same contact is a repeat.
    """

    def __init__(self, database: Database, window: timedelta) -> None:
        self._database = database
        self._window = window
        self._commit = batch_writer_for(database, window)
        # Later requests are answered sooner after a small commit now than after a large one.
        self._group = GroupCommit(
            self._store,
            max_batch=MAX_BATCH,
            max_wait=0,
            max_seconds=FORM_SECONDS,
            too_late=lambda: unavailable(NO_ANSWER),
        )
        # A write that waits for others on SQLite is never cancelled: its delivery would be lost.
        self._without_lead = GroupCommit(
            self._keep,
            max_batch=MAX_BATCH,
            max_wait=0,
            max_seconds=FORM_SECONDS,
            too_late=lambda: unavailable(NO_ANSWER),
        )

    async def keep(self, delivery: Delivery, result: Result) -> None:
        """Store a delivery that brings no lead.

        Raises the database's error. If it takes longer than FORM_SECONDS, the storing goes on.
        """
        await self._without_lead.submit((delivery, result))

    async def _keep(self, calls: Sequence[tuple[Delivery, Result]]) -> Sequence[Exception | None]:
        try:
            await store_all(self._database, calls)
        except SQLAlchemyError as error:
            if len(calls) == 1 or classify(error).is_away:
                raise
            logger.warning("%s calls at once could not be stored: %s", len(calls), type(error).__name__)
            return [await self._keep_alone(call) for call in calls]
        return [None] * len(calls)

    async def _keep_alone(self, call: tuple[Delivery, Result]) -> Exception | None:
        try:
            await store_all(self._database, [call])
        except SQLAlchemyError as error:
            return error
        return None

    async def store(self, arrival: KeyedSubmission) -> Result:
        """Store a submission; return its new or known lead.

        Raises the database's error if the lead was not stored, or if it is not known to be stored within
        FORM_SECONDS; the delivery may be stored then.
        """
        ends = time.monotonic() + FORM_SECONDS
        try:
            result = await self._group.submit(arrival)
        except NothingSentError as failure:
            raise failure.error from None
        if result is not None:
            return result
        async with answered_within(ends - time.monotonic()):
            return await self._store_or_keep(arrival)

    async def _store_or_keep(self, arrival: KeyedSubmission) -> Result:
        """Store an arrival alone; if that fails, keep its delivery."""
        try:
            return await self._store_alone(arrival)
        except Exception:
            if arrival.delivery:
                with suppress(SQLAlchemyError):
                    await store_without_lead(self._database, arrival.delivery)
            raise

    async def _store(self, arrivals: Sequence[KeyedSubmission]) -> Sequence[Result | None]:
        """Return a result for each arrival; None means that it must be stored alone."""
        first: dict[tuple[str, str], KeyedSubmission] = {}
        for arrival in arrivals:
            first.setdefault(arrival.key, arrival)
        # All processes lock the keys in the same order, which prevents deadlocks.
        results = await self._store_batch([first[key] for key in sorted(first)])
        stored = [results.get(arrival.key) if first[arrival.key] is arrival else None for arrival in arrivals]
        if len(first) == len(arrivals):
            return stored
        repeats = [self._repeat(arrival, results.get(arrival.key)) for arrival in arrivals]
        repeats = [None if known else repeat for known, repeat in zip(stored, repeats, strict=True)]
        return [
            one or other for one, other in zip(stored, await self._record(arrivals, repeats), strict=True)
        ]

    def _repeat(self, arrival: KeyedSubmission, known: Result | None) -> Result | None:
        """Return the result for a repeat of a lead of the same batch; None if it is none."""
        is_repeat = known and known.lead and arrival.is_repeat_of(known.lead["created_at"], self._window)
        return Result(known.lead) if known and is_repeat else None

    async def _record(
        self, arrivals: Sequence[KeyedSubmission], repeats: Sequence[Result | None]
    ) -> Sequence[Result | None]:
        """Store the deliveries of the repeats; None for all if that fails: each is stored alone then."""
        calls = [
            (arrival.delivery, result)
            for arrival, result in zip(arrivals, repeats, strict=True)
            if arrival.delivery and result
        ]
        try:
            await store_all(self._database, calls)
        except SQLAlchemyError as error:
            logger.warning("%s repeats at once could not be stored: %s", len(calls), type(error).__name__)
            return [None] * len(arrivals)
        return repeats

    async def _store_batch(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        try:
            return await self._commit(arrivals)
        except NothingSentError:
            raise
        except Exception as error:  # noqa: BLE001 - storing each alone shows which of them caused it
            logger.warning("%s at once could not be stored: %s", len(arrivals), type(error).__name__)
            return {}

    async def _store_alone(self, arrival: KeyedSubmission) -> Result:
        """Store one arrival in its own transaction; on some errors try twice.

        If the connection broke, the second try finds by its key what was committed. If the lead was erased
        while its repeat was recorded, the second try stores a new lead.
        """
        try:
            return await self._store_once(arrival)
        except DBAPIError as error:
            if not (error.connection_invalidated or isinstance(error, IntegrityError)):
                raise
            return await self._store_once(arrival)

    async def _store_once(self, arrival: KeyedSubmission) -> Result:
        async with self._database.engine.begin() as connection:
            return (await connection.run_sync(store, [arrival], self._window))[arrival.key]

    def close(self) -> None:
        """Close the batch writer; the database belongs to the caller."""
        self._group.close()
        self._without_lead.close()
        self._commit.close()
