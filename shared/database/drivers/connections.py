"""Opens databases for the API: a pool that survives restarts, and a synchronous SQLite engine."""

from sqlalchemy import URL, Engine, create_engine, event

from shared.database.engine import Database, prepare_sqlite
from shared.database.faults.driver_errors import watch_errors
from shared.database.timeouts import FORM_SECONDS, SQLITE_BUSY_SECONDS


def open_database(url: str) -> Database:
    """Return a Database whose pool survives a restart of PostgreSQL without a failed request.

    On SQLite no request waits longer than a form may.
    """
    database = Database(url, busy_seconds=FORM_SECONDS)
    if database.is_postgres:
        # Imported only here: on SQLite the PostgreSQL driver would cost 9 MiB for nothing.
        from shared.database.drivers.postgres_connections import reject_closed_connection  # noqa: PLC0415

        event.listen(database.engine.sync_engine, "checkout", reject_closed_connection)
    return database


def sync_sqlite(url: URL, *, busy_seconds: float = SQLITE_BUSY_SECONDS) -> Engine:
    """Return a synchronous engine for a SQLite file, without the async driver and its thread."""
    engine = create_engine(
        url.set(drivername="sqlite"), hide_parameters=True, connect_args={"timeout": busy_seconds}
    )
    prepare_sqlite(engine)
    watch_errors(engine)
    return engine
