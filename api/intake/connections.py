"""Opens the database for the API: connections that died while idle are replaced, not handed out."""

from sqlalchemy import URL, Engine, create_engine, event

from shared.database.engine import SQLITE_BUSY_SECONDS, Database, prepare_sqlite


def open_database(url: str) -> Database:
    """A Database whose pool survives a restart of PostgreSQL without a failed request."""
    database = Database(url)
    if database.is_postgres:
        # Where it is needed: on SQLite PostgreSQL's driver would be 9 MiB for nothing.
        from api.intake.postgres_writer import refuse_dead  # noqa: PLC0415

        event.listen(database.engine.sync_engine, "checkout", refuse_dead)
    return database


def sync_sqlite(url: URL) -> Engine:
    """An engine on the same file without the async driver and its thread."""
    engine = create_engine(url.set(drivername="sqlite"), connect_args={"timeout": SQLITE_BUSY_SECONDS})
    prepare_sqlite(engine)
    return engine
