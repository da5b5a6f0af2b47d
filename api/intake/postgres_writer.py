"""What is PostgreSQL's alone, with its driver: imported where it is used."""

import select
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
from psycopg.pq.abc import PGconn
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from api.intake.search_index import SearchIndex
from api.intake.store import POSTGRES, NothingSentError, Results, for_postgres, results_of
from api.intake.submission import KeyedSubmission
from shared.database.engine import APPLICATION_NAME, CONNECT_SECONDS, SERVER_PID, Database, is_pooled
from shared.database.urls import driver_address


class PostgresWriter:
    """The driver itself: for a single row SQLAlchemy's pool and transaction cost more than the row."""

    def __init__(self, database: Database, window: timedelta) -> None:
        self._database = database
        self._window = window
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._may_prepare = False
        self._search = SearchIndex(database)

    async def __call__(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        try:
            connection = await self._connected()
        except (psycopg.Error, OSError) as error:
            raise NothingSentError(OperationalError(None, None, error)) from error
        try:
            found = await connection.execute(
                POSTGRES, (for_postgres(arrivals, self._window),), prepare=self._may_prepare or None
            )
            rows = await found.fetchall()
            self._search.grew(len(arrivals))
            return results_of(arrivals, rows, self._window)
        except psycopg.Error:
            # A row that is refused leaves it as it was.
            if connection.broken:
                self._hang_up()
            raise
        except BaseException:
            # Cut off in the middle: what it says next is no answer to what it is asked next.
            self._hang_up()
            raise

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is not None and has_something_to_say(self._connection.pgconn):
            self._hang_up()
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
        self._search.close()
        self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.pgconn.finish()
            self._connection = None


def refuse_dead(connection: Any, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:  # noqa: ANN401
    """Hand no connection out that the server has closed; for the pool's checkout."""
    if entry.info.get("used") and has_something_to_say(connection.driver_connection.pgconn):
        raise InvalidatePoolError("the server has closed the connection")
    entry.info["used"] = True


async def connect(database: Database) -> psycopg.AsyncConnection[Any]:
    """A connection beside the pool, each statement its own transaction; raises the driver's errors."""
    return await psycopg.AsyncConnection.connect(
        driver_address(database.url),
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        application_name=APPLICATION_NAME,
    )


def has_something_to_say(connection: PGconn) -> bool:
    """Whether the server has closed an idle connection."""
    # On an idle connection nothing is to be read but the server's farewell. This asks the kernel, not the
    # server: a round trip for every request is what a ping would cost.
    try:
        poll = select.poll()
        poll.register(connection.socket, select.POLLIN)
        return bool(poll.poll(0))
    except psycopg.Error:
        return True
