"""Writes submissions to PostgreSQL through psycopg. Imported only on PostgreSQL, to save memory on SQLite."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg
from sqlalchemy.exc import OperationalError

from api.intake.search_index import SearchIndex
from api.intake.store import STORE_ON_POSTGRES, NothingSentError, Results, postgres_parameter, results_of
from api.intake.submission import KeyedSubmission
from shared.database.engine import SERVER_PID, Database, is_pooled
from shared.database.postgres_connections import connect, is_closed_by_server


class PostgresWriter:
    """Uses the driver directly: for one row, SQLAlchemy's pool and transaction cost more than the INSERT."""

    def __init__(self, database: Database, window: timedelta) -> None:
        self._database = database
        self._window = window
        self._connection: psycopg.AsyncConnection[Any] | None = None
        self._may_prepare = False
        self._search = SearchIndex(database)

    async def __call__(self, arrivals: Sequence[KeyedSubmission]) -> Results:
        try:
            connection = await self._get_connection()
        except (psycopg.Error, OSError) as error:
            raise NothingSentError(OperationalError(None, None, error)) from error
        try:
            found = await connection.execute(
                STORE_ON_POSTGRES,
                (postgres_parameter(arrivals, self._window),),
                prepare=self._may_prepare or None,
            )
            rows = await found.fetchall()
            self._search.record_inserts(len(arrivals))
            return results_of(arrivals, rows, self._window)
        except psycopg.Error:
            # After a refused row the connection is still usable.
            if connection.broken:
                self._disconnect()
            raise
        except BaseException:
            # Cancelled during a statement: its answer would be read as the answer to the next statement.
            self._disconnect()
            raise

    async def _get_connection(self) -> psycopg.AsyncConnection[Any]:
        if self._connection is not None and is_closed_by_server(self._connection.pgconn):
            self._disconnect()
        if self._connection is None:
            self._connection = connection = await connect(self._database)
            found = await (await connection.execute(f"SELECT {SERVER_PID}", prepare=False)).fetchone()
            # Behind a pooler each transaction may use another session, without the prepared statements.
            self._may_prepare = found is not None and not is_pooled(connection.info.backend_pid, found[0])
            if self._may_prepare:
                # PostgreSQL keeps a plan from when the table was small: forbid sequential scans in it.
                await connection.execute("SET enable_seqscan = off", prepare=False)
            else:
                connection.prepare_threshold = None
        return self._connection

    def close(self) -> None:
        self._search.close()
        self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.pgconn.finish()
            self._connection = None
