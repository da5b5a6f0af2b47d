"""The one way in: a submission becomes a lead once, however often it is sent, and what it came in is kept."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import timedelta
from typing import Protocol

from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from api.intake.connections import sync_sqlite
from api.intake.deliveries import store_without_lead
from api.intake.store import NothingSentError, Results, store
from api.intake.submission import KeyedSubmission, Result
from shared.database.engine import Database
from shared.group_commit import GroupCommit

logger = logging.getLogger(__name__)

# With more, each request would wait longer for its commit than for two smaller ones.
MOST = 64


class BatchWriter(Protocol):
    """What arrives together as one transaction."""

    async def __call__(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        """The results, without those arrivals that have to be stored alone. No key may come twice.

        Raises NotBegunError, or the database's error if it may have been committed or not.
        """
        ...

    def close(self) -> None:
        """Let go of what is its own."""
        ...


def batch_writer_for(database: Database, window: timedelta) -> BatchWriter:
    """The way that is fast on this database; `window`: for how long the same words are a repeat."""
    if database.is_postgres:
        from api.intake.postgres_writer import PostgresWriter  # noqa: PLC0415 - as in api.intake.connections

        return PostgresWriter(database, window)
    return SqliteWriter(database, window)


class SqliteWriter:
    """One thread, one connection: a transaction is one call to the thread, not one for each statement."""

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
    """Stores what arrives: many arrivals in one transaction, or one alone if that fails.

    A lead, its first event and the delivery that brought it are one commit, and the answer is sent after it.
    If the process dies before, no answer was sent: the sender tries again. If a lead cannot be stored, its
    delivery is stored alone, as `received`, and taken up later.
    `window`: for how long the same words from the same person are a repeat.
    """

    def __init__(self, database: Database, window: timedelta) -> None:
        self._database = database
        self._window = window
        self._commit = batch_writer_for(database, window)
        # Whoever comes next is answered sooner by a small commit now than by a large one later.
        self._group = GroupCommit(self._store, max_batch=MOST, max_wait=0)

    async def store(self, arrival: KeyedSubmission) -> Result:
        """The lead, new or known. Raises the database's error if nothing is stored but the delivery."""
        try:
            result = await self._group.submit(arrival)
        except NothingSentError as failure:
            raise failure.error from None
        if result is not None:
            return result
        try:
            return await self._store_alone(arrival)
        except Exception:
            if arrival.delivery:
                with suppress(SQLAlchemyError):
                    await store_without_lead(self._database, arrival.delivery)
            raise

    async def _store(self, arrivals: Sequence[KeyedSubmission]) -> Sequence[Result | None]:
        """The result of each; None: it has to be stored alone."""
        first: dict[tuple[str, str], KeyedSubmission] = {}
        for arrival in arrivals:
            first.setdefault(arrival.key, arrival)
        # All processes lock the keys in one order: no two can wait for each other.
        results = await self._together([first[key] for key in sorted(first)])
        return [results.get(arrival.key) if first[arrival.key] is arrival else None for arrival in arrivals]

    async def _together(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        try:
            return await self._commit(arrivals)
        except NothingSentError:
            raise
        except Exception as error:  # noqa: BLE001 - storing each alone shows which of them caused it
            logger.warning("%s at once could not be stored: %s", len(arrivals), type(error).__name__)
            return {}

    async def _store_alone(self, arrival: KeyedSubmission) -> Result:
        """The result of a transaction with one arrival, tried twice.

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
        """Let go of what is its own; the database is the caller's."""
        self._commit.close()
