"""Engines and transactions that behave alike on PostgreSQL and SQLite."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.urls import async_url

ResultT = TypeVar("ResultT")
log = logging.getLogger(__name__)

# Raised while the database is down, restarting, or busy for longer than the timeouts below.
DATABASE_DOWN = (OperationalError, InterfaceError, PoolTimeoutError, ConnectionError)

# How long a writer on SQLite waits for another one; there is one at a time.
SQLITE_BUSY_SECONDS = 30
# A database that does not answer within this time counts as down: the caller gets an error and does not hang.
CONNECT_SECONDS = 5
# The name of our connections in pg_stat_activity.
APPLICATION_NAME = "ai-lead-assistant"
SERVER_PID = "pg_backend_pid()"


class Database:
    """One pool of connections to one database; call `close` at the end."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = async_url(url)
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        self.engine = _postgres(self.url, pool_size) if self.is_postgres else _sqlite(self.url, pool_size)
        # Each statement is its own transaction: saves the round trips of BEGIN and COMMIT.
        self.autocommit = (
            self.engine.execution_options(isolation_level="AUTOCOMMIT") if self.is_postgres else self.engine
        )
        self._snapshot = self.engine.execution_options(sqlite_begin="BEGIN")

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        """A transaction, committed when the block ends and rolled back when it raises."""
        async with AsyncSession(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def autocommitting(self) -> AsyncIterator[AsyncSession]:
        """For independent statements: on PostgreSQL each is committed by itself.

        On SQLite they are one transaction, as in `writing`: each commit there waits for the disk.
        """
        async with AsyncSession(self.autocommit, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for queries only: on SQLite it neither waits for writers nor blocks them."""
        # Ends with COMMIT although nothing was written: on ROLLBACK psycopg drops all prepared statements.
        async with AsyncSession(self._snapshot, expire_on_commit=False) as session, session.begin():
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


async def retry_while_database_down(
    action: Callable[[], Awaitable[ResultT]], *, pause: float, what: str
) -> ResultT:
    """Call `action` until the database answers, and return its result.

    `pause`: seconds between tries. `what`: the action as an infinitive phrase, for the log.
    """
    while True:
        try:
            return await action()
        except DATABASE_DOWN as error:
            log.warning("waiting for the database to %s: %s", what, type(error).__name__)
            await asyncio.sleep(pause)


def _postgres(url: Any, pool_size: int) -> AsyncEngine:  # noqa: ANN401 - a SQLAlchemy URL
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=False,
        # The connection used last has the most statements prepared.
        pool_use_lifo=True,
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": APPLICATION_NAME},
    )
    event.listen(engine.sync_engine, "connect", _disable_prepare_behind_pooler)
    return engine


def _disable_prepare_behind_pooler(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    """Turn prepared statements off behind a pooler, which may run each transaction in another session."""
    connection.autocommit = True
    try:
        cursor = connection.cursor()
        cursor.execute(f"SELECT {SERVER_PID}")
        (actual_pid,) = cursor.fetchone()
        cursor.close()
    finally:
        connection.autocommit = False
    if is_pooled(connection.driver_connection.info.backend_pid, actual_pid):
        connection.driver_connection.prepare_threshold = None


def is_pooled(reported_pid: int, actual_pid: int) -> bool:
    """Return True if the backend pid told at connect differs from the one that runs the statements."""
    # A pooler reports a pid of its own; PgBouncer's may be any 32-bit number.
    return reported_pid != actual_pid


def _sqlite(url: Any, pool_size: int) -> AsyncEngine:  # noqa: ANN401 - a SQLAlchemy URL
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=SQLITE_BUSY_SECONDS,
        connect_args={"timeout": SQLITE_BUSY_SECONDS},
    )
    prepare_sqlite(engine.sync_engine)
    return engine


def prepare_sqlite(engine: Engine) -> None:
    """Make a SQLite engine durable and concurrent: WAL, foreign keys, transactions that begin as writers."""

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        # The driver's own BEGIN is deferred and takes the write lock too late: `_begin` below sends BEGIN.
        connection.isolation_level = None
        try:
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            # The pool does not own it yet: unclosed, the driver's thread would outlive the event loop.
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads before it writes can fail with SQLITE_BUSY_SNAPSHOT; IMMEDIATE cannot.
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE"))
