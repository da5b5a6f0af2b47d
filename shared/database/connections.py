"""Opens databases for the API: a pool that survives restarts, and a synchronous SQLite engine."""

from sqlalchemy import URL, Engine, create_engine, event

from shared.database.engine import SQLITE_BUSY_SECONDS, Database, prepare_sqlite


def open_database(url: str) -> Database:
    """Return a Database whose pool survives a restart of PostgreSQL without a failed request."""
    database = Database(url)
    if database.is_postgres:
        # Imported only here: on SQLite the PostgreSQL driver would cost 9 MiB for nothing.
        from shared.database.postgres_connections import reject_closed_connection  # noqa: PLC0415

        event.listen(database.engine.sync_engine, "checkout", reject_closed_connection)
    return database


def sync_sqlite(url: URL) -> Engine:
    """Return a synchronous engine for a SQLite file, without the async driver and its thread."""
    engine = create_engine(url.set(drivername="sqlite"), connect_args={"timeout": SQLITE_BUSY_SECONDS})
    prepare_sqlite(engine)
    return engine
