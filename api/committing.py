"""How new leads are committed: over the pool on PostgreSQL, by a thread of their own on SQLite."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, ExitStack
from typing import Protocol

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from api.arrival import Arrival
from api.connections import sync_sqlite
from api.new_leads import Ids, insert_new
from shared.db import Database


class NotBegunError(Exception):
    """The database could not be reached, or is kept by somebody else: nothing was sent; `error` says why."""

    def __init__(self, error: SQLAlchemyError) -> None:
        super().__init__(type(error).__name__)
        self.error = error


class Commits(Protocol):
    """`insert_new` as one transaction."""

    async def __call__(self, arrivals: Sequence[Arrival]) -> Ids:
        """Raises NotBegunError, or the database's error if it may have been committed or not."""
        ...

    def close(self) -> None:
        """Let go of what is its own."""
        ...


def commits_of(database: Database) -> Commits:
    """The way that is fast on this database."""
    return _PostgresCommits(database.autocommit) if database.is_postgres else _SqliteCommits(database)


class _PostgresCommits:
    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def __call__(self, arrivals: Sequence[Arrival]) -> Ids:
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self._engine.begin())
            except SQLAlchemyError as error:
                raise NotBegunError(error) from error
            return await connection.run_sync(insert_new, arrivals)

    def close(self) -> None:
        """The pool is the database's."""


class _SqliteCommits:
    """One thread, one connection: a transaction is one journey to the thread, not one for each statement."""

    def __init__(self, database: Database) -> None:
        self._engine: Engine = sync_sqlite(database.url)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="intake")

    async def __call__(self, arrivals: Sequence[Arrival]) -> Ids:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, arrivals)

    def _commit(self, arrivals: Sequence[Arrival]) -> Ids:
        with ExitStack() as stack:
            try:
                connection = stack.enter_context(self._engine.begin())
            except SQLAlchemyError as error:
                raise NotBegunError(error) from error
            return insert_new(connection, arrivals)

    def close(self) -> None:
        self._thread.shutdown()
        self._engine.dispose()
