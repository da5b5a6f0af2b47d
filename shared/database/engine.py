"""Engines and transactions that behave alike on PostgreSQL and SQLite."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.urls import async_url

# What a caller sees while the database is away, restarting, or busy beyond patience.
DATABASE_DOWN = (OperationalError, InterfaceError, PoolTimeoutError, ConnectionError)

# How long a writer waits for another one on SQLite, where there is one at a time.
SQLITE_BUSY_SECONDS = 30
# A database that does not answer within this is down: better an error now than a caller that hangs.
CONNECT_SECONDS = 5
# As pg_stat_activity shows us.
APPLICATION_NAME = "ai-lead-assistant"
SERVER_PID = "pg_backend_pid()"


class Database:
    """One pool of connections; hand it to whoever needs transactions, and close it at the end."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = async_url(url)
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        self.engine = _postgres(self.url, pool_size) if self.is_postgres else _sqlite(self.url, pool_size)
        # A statement that is its own transaction: no BEGIN and COMMIT round trips beside it.
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
        """For statements that do not rest on each other: each is committed by itself on PostgreSQL.

        On SQLite they are one transaction, as in `writing`: there each would wait for the disk.
        """
        async with AsyncSession(self.autocommit, expire_on_commit=False) as session, session.begin():
            yield session

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session for queries only: on SQLite it waits for no writer and makes none wait."""
        # Committed, though nothing was written: psycopg forgets all prepared statements with a ROLLBACK.
        async with AsyncSession(self._snapshot, expire_on_commit=False) as session, session.begin():
            yield session

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


def _postgres(url: Any, pool_size: int) -> AsyncEngine:  # noqa: ANN401 - a URL of SQLAlchemy's
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=False,
        # The one that was used last knows its statements best.
        pool_use_lifo=True,
        connect_args={"connect_timeout": CONNECT_SECONDS, "application_name": APPLICATION_NAME},
    )
    event.listen(engine.sync_engine, "connect", _prepare_nothing_behind_a_pooler)
    return engine


def _prepare_nothing_behind_a_pooler(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
    """A pooler gives each transaction another session: what was prepared in one is unknown in the next."""
    connection.autocommit = True
    try:
        cursor = connection.cursor()
        cursor.execute(f"SELECT {SERVER_PID}")
        (pid,) = cursor.fetchone()
        cursor.close()
    finally:
        connection.autocommit = False
    if is_pooled(connection.driver_connection.info.backend_pid, pid):
        connection.driver_connection.prepare_threshold = None


def is_pooled(told: int, pid: int) -> bool:
    """Whether the process that `connection.info` tells of is not the one that runs its statements."""
    # A pooler makes up its own number; PgBouncer's may be anything of 32 bits.
    return told != pid


def _sqlite(url: Any, pool_size: int) -> AsyncEngine:  # noqa: ANN401 - a URL of SQLAlchemy's
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
        # The driver's own BEGIN is deferred and takes the write lock too late: we say BEGIN ourselves.
        connection.isolation_level = None
        try:
            cursor = connection.cursor()
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()
        except BaseException:
            # The pool does not know it yet, and the driver's thread would outlive the event loop.
            connection.close()
            raise

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads first and writes later can fail with SQLITE_BUSY_SNAPSHOT; this cannot.
        connection.exec_driver_sql(connection.get_execution_options().get("sqlite_begin", "BEGIN IMMEDIATE"))
