"""How submissions are committed: over a connection of their own, which is a thread's on SQLite."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Protocol

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from api.intake.arrival import KeyedSubmission
from api.intake.batches import Results, take_on_sqlite
from api.intake.connections import sync_sqlite
from shared.database.engine import Database


class NotBegunError(Exception):
    """The database could not be reached, or is kept by somebody else: nothing was sent; `error` says why."""

    def __init__(self, error: SQLAlchemyError) -> None:
        super().__init__(type(error).__name__)
        self.error = error


class BatchWriter(Protocol):
    """What arrives together as one transaction."""

    async def __call__(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        """What became of each but those that have to be stored by themselves. No key may come twice.

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
    return _SqliteCommits(database, window)


class _SqliteCommits:
    """One thread, one connection: a transaction is one journey to the thread, not one for each statement."""

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
                raise NotBegunError(error) from error
            return take_on_sqlite(connection, arrivals, self._window)

    def close(self) -> None:
        self._thread.shutdown()
        self._engine.dispose()
