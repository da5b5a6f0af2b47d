"""Connections of psycopg, PostgreSQL's driver. Import it only for PostgreSQL, to save memory on SQLite."""

import select
from typing import Any

import psycopg
from psycopg.pq.abc import PGconn
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from shared.database.engine import SERVER_PID, SET_LIMITS, Database, connect_arguments, is_pooled
from shared.database.timeout_connection import BoundedConnection, opener
from shared.database.timeouts import ANSWER_SECONDS
from shared.database.urls import driver_address


def reject_closed_connection(
    connection: Any,  # noqa: ANN401 - as SQLAlchemy declares it
    entry: ConnectionPoolEntry,
    _proxy: PoolProxiedConnection,
) -> None:
    """Pool checkout listener: raises InvalidatePoolError if the server has closed the connection."""
    if entry.info.get("used") and is_closed_by_server(connection.driver_connection.pgconn):
        raise InvalidatePoolError("the server has closed the connection")
    entry.info["used"] = True


async def connect(database: Database) -> BoundedConnection:
    """Open an autocommit connection outside the pool; raises the driver's errors.

    Behind a pooler its statements are never prepared: each transaction may use another session.
    """
    connection = await open_connection(driver_address(database.url), database)
    try:
        found = await (await connection.execute(f"SELECT {SERVER_PID}", prepare=False)).fetchone()
        if found is None or is_pooled(connection.info.backend_pid, found[0]):
            connection.prepare_threshold = None
        else:
            await connection.execute(SET_LIMITS, prepare=False)
    except BaseException:
        connection.pgconn.finish()
        raise
    return connection


async def open_connection(address: str, database: Database) -> BoundedConnection:
    """Open an autocommit connection to an address of the same database; raises the driver's errors."""
    return await opener(ANSWER_SECONDS)(address, autocommit=True, **connect_arguments(database.url))


def is_closed_by_server(connection: PGconn) -> bool:
    """True if the server has closed this idle connection."""
    # On an idle connection, readable data means that the server is closing it. This asks the kernel: a ping
    # to the server would cost a round trip for every request.
    try:
        poll = select.poll()
        poll.register(connection.socket, select.POLLIN)
        return bool(poll.poll(0))
    except psycopg.Error:
        return True
