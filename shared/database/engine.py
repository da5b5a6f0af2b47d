"""Engines and transactions that behave alike on PostgreSQL and SQLite."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.backoff import GrowingPause
from shared.database.faults.driver_errors import OutageLog, unavailable, watch_errors
from shared.database.faults.error_classes import Fault
from shared.database.faults.error_tables import DISK_FULL, NO_ANSWER
from shared.database.timeouts import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    IDLE_IN_TRANSACTION_SECONDS,
    KEEPALIVE,
    SQLITE_BUSY_SECONDS,
    STATEMENT_SECONDS,
)
from shared.database.urls import async_url, server_count

ResultT = TypeVar("ResultT")
log = logging.getLogger(__name__)

# Raised while the database is away, whatever the reason; shared/database/faults/driver_errors.py sees to it.
DATABASE_DOWN = (OperationalError, InterfaceError, PoolTimeoutError, ConnectionError)

# The longest pause between two tries during an outage of the database: as much later its end is noticed.
LONGEST_PAUSE_SECONDS = 10.0
# A full disk is remembered this long: a small write may still find room.
FULL_FOR_SECONDS = 10
# The name of our connections in pg_stat_activity.
APPLICATION_NAME = "ai-lead-assistant"
SERVER_PID = "pg_backend_pid()"
# Not as an option at connect: PgBouncer refuses connections with options that it does not know.
SET_LIMITS = (
    f"SELECT set_config('statement_timeout', '{STATEMENT_SECONDS}s', false),"
    f" set_config('idle_in_transaction_session_timeout', '{IDLE_IN_TRANSACTION_SECONDS}s', false)"
)


# What the thread of a failed connection may take to end.
_THREAD_END_SECONDS = 0.05


class Database:
    """One pool of connections to one database; call `close` at the end.

    `is_patient`: for migrations, whose statements may take any time. `busy_seconds`: how long a writer on
    SQLite waits for another one.
    """

    def __init__(
        self,
        url: str,
        *,
        pool_size: int = 10,
        is_patient: bool = False,
        busy_seconds: float = SQLITE_BUSY_SECONDS,
    ) -> None:
        self.url = async_url(url)
        self.is_postgres = self.url.get_backend_name() == "postgresql"
        self.engine = (
            _postgres(self.url, pool_size, is_patient=is_patient)
            if self.is_postgres
            else _sqlite(self.url, pool_size, busy_seconds)
        )
        watch_errors(self.engine.sync_engine, self._on_fault)
        # Shared by the tasks of a process: together they log an outage once.
        self.outage = OutageLog()
        self._disk_full: tuple[float, Fault] | None = None
        self._has_failed = False
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

    @property
    def recent_write_fault(self) -> Fault | None:
        """Why a write failed a moment ago, if it was a full disk."""
        if self._disk_full is None or time.monotonic() - self._disk_full[0] > FULL_FOR_SECONDS:
            return None
        return self._disk_full[1]

    def _on_fault(self, fault: Fault) -> None:
        self._has_failed = True
        if fault.reason == DISK_FULL.reason:
            self._disk_full = time.monotonic(), fault

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()
        if self._has_failed and not self.is_postgres:
            # aiosqlite does not wait for the thread of a connection that could not be opened; without the
            # event loop, that thread ends with a traceback.
            await asyncio.sleep(_THREAD_END_SECONDS)


@asynccontextmanager
async def answered_within(seconds: float) -> AsyncIterator[None]:
    """Raise DatabaseUnavailableError if the block takes longer; the statement in it is cancelled."""
    try:
        async with asyncio.timeout(seconds) as deadline:
            yield
    except TimeoutError:
        if not deadline.expired():
            raise
        raise unavailable(NO_ANSWER) from None


async def retry_while_database_down(
    action: Callable[[], Awaitable[ResultT]], *, pause: float, what: str
) -> ResultT:
    """Call `action` until the database answers, and return its result.

    `pause`: seconds before the second try; it doubles, up to `LONGEST_PAUSE_SECONDS`.
    `what`: the action as an infinitive phrase, for the log.
    """
    outage, growing = OutageLog(), GrowingPause(base=pause, maximum=LONGEST_PAUSE_SECONDS)
    while True:
        try:
            result = await action()
        except DATABASE_DOWN as error:
            outage.note(error, log, f"waiting to {what}")
            await asyncio.sleep(growing.failed())
        else:
            outage.over(log)
            return result


def connect_arguments(url: Any) -> dict[str, Any]:  # noqa: ANN401 - a SQLAlchemy URL
    """Return the arguments of every connection to PostgreSQL: its name, and how long it waits."""
    # libpq's limit is for each server.
    seconds = max(2, CONNECT_SECONDS // server_count(url))
    return {"connect_timeout": seconds, "application_name": APPLICATION_NAME, **KEEPALIVE}


def _postgres(url: Any, pool_size: int, *, is_patient: bool) -> AsyncEngine:  # noqa: ANN401 - a SQLAlchemy URL
    # Imported only here: on SQLite the PostgreSQL driver would cost 9 MiB for nothing.
    from shared.database.timeout_connection import opener  # noqa: PLC0415

    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=CONNECT_SECONDS,
        pool_pre_ping=False,
        # The connection used last has the most statements prepared.
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={
            **connect_arguments(url),
            "async_creator_fn": opener(None if is_patient else ANSWER_SECONDS),
        },
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        _prepare_postgres(connection, has_limits=not is_patient and "timeout" not in str(url.query))

    return engine


def _prepare_postgres(connection: Any, *, has_limits: bool) -> None:  # noqa: ANN401 - a DBAPI connection
    """Set the limits of a session; behind a pooler turn prepared statements off instead.

    A pooler may run each transaction in another session, and would keep the limits for other programs.
    """
    connection.autocommit = True
    try:
        cursor = connection.cursor()
        cursor.execute(f"SELECT {SERVER_PID}")
        (actual_pid,) = cursor.fetchone()
        if is_pooled(connection.driver_connection.info.backend_pid, actual_pid):
            connection.driver_connection.prepare_threshold = None
        elif has_limits:
            cursor.execute(SET_LIMITS)
        cursor.close()
    finally:
        connection.autocommit = False


def is_pooled(reported_pid: int, actual_pid: int) -> bool:
    """Return True if the backend pid told at connect differs from the one that runs the statements."""
    # A pooler reports a pid of its own; PgBouncer's may be any 32-bit number.
    return reported_pid != actual_pid


def _sqlite(url: Any, pool_size: int, busy_seconds: float) -> AsyncEngine:  # noqa: ANN401 - a SQLAlchemy URL
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=busy_seconds,
        hide_parameters=True,
        connect_args={"timeout": busy_seconds},
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
