"""Runs migrations on the database that DATABASE_URL names."""

import asyncio
import sys

from alembic import context
from psycopg.errors import LockNotAvailable
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from migrations import online
from shared.database import models
from shared.database.engine import Database
from shared.errors import ConfigError
from shared.settings import SharedSettings, load

assert models  # noqa: S101 - importing it fills the metadata


# Whoever waits for a table makes all others wait behind them: so long at most, then again later. Both can be
# given: `alembic -x lock_seconds=5 -x pause_seconds=60 upgrade head`.
LOCK_SECONDS, PAUSE_SECONDS = 2, 3
TRIES = 10
IN_USE = (
    "a table is in use by a transaction that does not end; the revisions before this one are in place."
    " Find it (SELECT pid, state, xact_start, query FROM pg_stat_activity ORDER BY xact_start), end it"
    " (SELECT pg_terminate_backend(pid)) and run `alembic upgrade head` again"
)


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        event.listen(connection, "begin", _wait_briefly)
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=lambda name, kind, _parents: not (kind == "index" and name == online.SEARCH),
        # SQLite cannot alter a column in place: Alembic rebuilds the table.
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _wait_briefly(connection: Connection) -> None:
    if connection.get_isolation_level() != "AUTOCOMMIT":
        longest = _seconds("lock_seconds", LOCK_SECONDS)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(1000 * longest)}")


async def _migrate_patiently(url: str) -> None:
    for left in reversed(range(TRIES)):
        try:
            await _migrate(url)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                raise
            if not left:
                sys.exit(f"error: {IN_USE}")
        else:
            return
        await asyncio.sleep(_seconds("pause_seconds", PAUSE_SECONDS))


def _given() -> dict[str, str]:
    """What stands behind `-x` on the command line."""
    return {name: str(value) for name, value in context.get_x_argument(as_dictionary=True).items()}


def _seconds(name: str, usual: float) -> float:
    value = _given().get(name, str(usual))
    try:
        return float(value)
    except ValueError:
        raise ConfigError(f"-x {name}={value}: is no number of seconds") from None


async def _migrate(url: str) -> None:
    database = Database(url, pool_size=1)
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_run)
            await connection.commit()
    finally:
        await database.close()


def main() -> None:
    """Migrate the database of `-x url=…`, or else of DATABASE_URL."""
    try:
        asyncio.run(_migrate_patiently(_given().get("url") or load(SharedSettings).database_url))
    except ConfigError as error:
        sys.exit(f"error: {error}")


main()
