"""Opens the database for the API: connections that died while idle are replaced, not handed out."""

import select
from typing import Any

import psycopg
from psycopg.pq.abc import PGconn
from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from shared.db import SQLITE_BUSY_SECONDS, Database, prepare_sqlite


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
    if entry.info.get("used") and _has_something_to_say(connection.driver_connection.pgconn):
        raise InvalidatePoolError("the server has closed the connection")
    entry.info["used"] = True


def _has_something_to_say(connection: PGconn) -> bool:
    # On an idle connection nothing is to be read but the server's farewell. This asks the kernel, not the
    # server: a round trip for every request is what a ping would cost.
    try:
        poll = select.poll()
        poll.register(connection.socket, select.POLLIN)
        return bool(poll.poll(0))
    except psycopg.Error:
        return True
