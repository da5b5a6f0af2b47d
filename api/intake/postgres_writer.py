"""Writes submissions to PostgreSQL through psycopg. Imported only on PostgreSQL, to save memory on SQLite."""

from collections.abc import Sequence
from datetime import timedelta

import psycopg

from api.intake.search_index import SearchIndex
from api.intake.store import STORE_ON_POSTGRES, NothingSentError, Results, postgres_parameter, results_of
from api.intake.submission import KeyedSubmission
from shared.database.drivers.postgres_connections import connect, is_closed_by_server
from shared.database.engine import Database
from shared.database.faults.driver_errors import unavailable_because
from shared.database.faults.error_classes import ends_connection
from shared.database.timeout_connection import BoundedConnection


class PostgresWriter:
    """Uses the driver directly: for one row, SQLAlchemy's pool and transaction cost more than the INSERT."""

    def __init__(self, database: Database, window: timedelta) -> None:
        self._database = database
        self._window = window
        self._connection: BoundedConnection | None = None
        self._search = SearchIndex(database)

    async def __call__(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        try:
            connection = await self._get_connection()
        except (psycopg.Error, OSError) as error:
            raise NothingSentError(unavailable_because(error)) from error
        try:
            found = await connection.execute(
                STORE_ON_POSTGRES,
                (postgres_parameter(arrivals, self._window),),
                # Behind a pooler, prepare_threshold is None and nothing is prepared.
                prepare=connection.prepare_threshold is not None or None,
            )
            rows = await found.fetchall()
            self._search.record_inserts(len(arrivals))
            return results_of(arrivals, rows, self._window)
        except psycopg.Error as error:
            # After a refused row the connection is still usable.
            if connection.closed or ends_connection(error):
                self._disconnect()
            raise
        except BaseException:
            # Cancelled during a statement: its answer would be read as the answer to the next statement.
            self._disconnect()
            raise

    async def _get_connection(self) -> BoundedConnection:
        if self._connection is not None and is_closed_by_server(self._connection.pgconn):
            self._disconnect()
        if self._connection is None:
            self._connection = connection = await connect(self._database)
            if connection.prepare_threshold is not None:
                # PostgreSQL keeps a plan from when the table was small: forbid sequential scans in it.
                await connection.execute("SET enable_seqscan = off", prepare=False)
        return self._connection

    def close(self) -> None:
        self._search.close()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.pgconn.finish()
            self._connection = None
