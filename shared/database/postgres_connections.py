"""Connections of psycopg, PostgreSQL's driver. Import it only for PostgreSQL, to save memory on SQLite."""

import select
from typing import Any

import psycopg
from psycopg.pq.abc import PGconn
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from shared.database.engine import APPLICATION_NAME, CONNECT_SECONDS, Database
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


async def connect(database: Database) -> psycopg.AsyncConnection[Any]:
    """Open an autocommit connection outside the pool; raises the driver's errors."""
    return await psycopg.AsyncConnection.connect(
        driver_address(database.url),
        autocommit=True,
        connect_timeout=CONNECT_SECONDS,
        application_name=APPLICATION_NAME,
    )


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
