"""How submissions are committed: over a connection of their own, which is a thread's on SQLite."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, Protocol

import psycopg
from psycopg import AsyncConnection
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from api.arrival import Arrival
from api.batches import POSTGRES, Results, results_of, take_on_sqlite
from api.connections import connect, has_something_to_say, sync_sqlite
from api.new_leads import for_postgres
from shared.db import SERVER_PID, Database, is_pooled


class NotBegunError(Exception):
    """The database could not be reached, or is kept by somebody else: nothing was sent; `error` says why."""

    def __init__(self, error: SQLAlchemyError) -> None:
        super().__init__(type(error).__name__)
        self.error = error


class Commits(Protocol):
    """What arrives together as one transaction."""

    async def __call__(self, arrivals: Sequence[Arrival]) -> Results:
        """What became of each but those that have to be stored by themselves. No key may come twice.

        Raises NotBegunError, or the database's error if it may have been committed or not.
        """
        ...

    def close(self) -> None:
        """Let go of what is its own."""
        ...


def commits_of(database: Database, window: timedelta) -> Commits:
    """The way that is fast on this database; `window`: for how long the same words are a repeat."""
    return (_PostgresCommits if database.is_postgres else _SqliteCommits)(database, window)


class _PostgresCommits:
    """The driver itself: for a single row SQLAlchemy's pool and transaction cost more than the row."""

    def __init__(self, database: Database, window: timedelta) -> None:
        self._database = database
        self._window = window
        self._connection: AsyncConnection[Any] | None = None
        self._may_prepare = False

    async def __call__(self, arrivals: Sequence[Arrival]) -> Results:
        try:
            connection = await self._connected()
        except (psycopg.Error, OSError) as error:
            raise NotBegunError(OperationalError(None, None, error)) from error
        try:
            found = await connection.execute(
                POSTGRES, (for_postgres(arrivals, self._window),), prepare=self._may_prepare or None
            )
            return results_of(arrivals, await found.fetchall())
        except psycopg.Error:
            # A row that is refused leaves it as it was.
            if connection.broken:
                self.close()
            raise
        except BaseException:
            # Cut off in the middle: what it says next is no answer to what it is asked next.
            self.close()
            raise

    async def _connected(self) -> AsyncConnection[Any]:
        if self._connection is not None and has_something_to_say(self._connection.pgconn):
            self.close()
        if self._connection is None:
            self._connection = connection = await connect(self._database)
            found = await (await connection.execute(f"SELECT {SERVER_PID}", prepare=False)).fetchone()
            # Behind a pooler each transaction may meet another session, which knows nothing of ours.
            self._may_prepare = found is not None and not is_pooled(connection.info.backend_pid, found[0])
            if self._may_prepare:
                # A plan that was made while there were few leads is kept when there are many.
                await connection.execute("SET enable_seqscan = off", prepare=False)
            else:
                connection.prepare_threshold = None
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.pgconn.finish()
            self._connection = None


class _SqliteCommits:
    """One thread, one connection: a transaction is one journey to the thread, not one for each statement."""

    def __init__(self, database: Database, window: timedelta) -> None:
        self._window = window
        self._engine: Engine = sync_sqlite(database.url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")

    async def __call__(self, arrivals: Sequence[Arrival]) -> Results:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, arrivals)

    def _commit(self, arrivals: Sequence[Arrival]) -> Results:
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._engine.begin())
            except SQLAlchemyError as error:
                raise NotBegunError(error) from error
            return take_on_sqlite(connection, arrivals, self._window)

    def close(self) -> None:
        self._thread.shutdown()
        self._engine.dispose()
