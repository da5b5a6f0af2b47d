"""Opens the database for the API: connections that died while idle are replaced, not handed out."""

import select
from typing import Any

import psycopg
from psycopg.pq.abc import PGconn
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from shared.db import APPLICATION_NAME, CONNECT_SECONDS, SQLITE_BUSY_SECONDS, Database, prepare_sqlite
from shared.db_url import driver_address


def open_database(url: str) -> Database:
    """A Database whose pool survives a restart of PostgreSQL without a failed request."""
    database = Database(url)
    if database.is_postgres:
        event.listen(database.engine.sync_engine, "checkout", _refuse_dead)
    return database


def sync_sqlite(url: URL) -> Engine:
    """An engine on the same file without the async driver and its thread."""
    engine = create_engine(url.set(drivername="sqlite"), connect_args={"timeout": SQLITE_BUSY_SECONDS})
    prepare_sqlite(engine)
    return engine


def _refuse_dead(connection: Any, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:  # noqa: ANN401
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
