"""Alembic's entry point: runs migrations on the database that DATABASE_URL names."""

import asyncio
import sys

from alembic import context
from psycopg.errors import LockNotAvailable
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel

from migrations import online
from shared.database import console_models, model_server_models, models
from shared.database.engine import Database
from shared.database.faults.error_classes import classify
from shared.database.schema_version import newest_revision
from shared.database.urls import async_url, shown_address
from shared.errors import ConfigError
from shared.files import make_new_files_private
from shared.localized_messages import joined, sentence
from shared.logging_setup import mask_uncaught_errors
from shared.settings import SharedSettings, error_line, load, owner_language
from shared.translations import say

assert all((console_models, model_server_models, models))  # noqa: S101 - importing them fills the metadata


# A migration that waits for a table lock blocks all later queries on that table. So it waits at most this
# long and tries again after a pause; `alembic -x lock_seconds=5 -x pause_seconds=60 upgrade head` sets both.
LOCK_SECONDS, PAUSE_SECONDS = 2, 3
TRIES = 10
IN_USE = (
    "a table is in use by a transaction that does not end; the revisions before this one are in place."
    " Find it (SELECT pid, state, xact_start, query FROM pg_stat_activity ORDER BY xact_start), end it"
    " (SELECT pg_terminate_backend(pid)) and run `alembic upgrade head` again"
)


def _run(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        event.listen(connection, "begin", _limit_lock_wait)
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_name=lambda name, kind, _parents: not (kind == "index" and name == online.SEARCH),
        # SQLite cannot alter a column in place, so Alembic rebuilds the table.
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _limit_lock_wait(connection: Connection) -> None:
    # Not `get_isolation_level`: PostgreSQL answers with its own level, also where the driver commits at once.
    driver = connection.connection.dbapi_connection
    if driver is not None and not connection.dialect.detect_autocommit_setting(driver):
        seconds = _seconds("lock_seconds", LOCK_SECONDS)
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(1000 * seconds)}")


async def _migrate_with_retries(url: str) -> None:
    for tries_left in reversed(range(TRIES)):
        try:
            await _migrate(url)
        except OperationalError as error:
            if not isinstance(error.orig, LockNotAvailable):
                sys.exit(error_line(ConfigError(joined(": ", ["DATABASE_URL", _reason(error, url)]))))
            if not tries_left:
                sys.exit(error_line(ConfigError(IN_USE)))
        else:
            return
        await asyncio.sleep(_seconds("pause_seconds", PAUSE_SECONDS))


def _arguments() -> dict[str, str]:
    """Return the `-x name=value` arguments of the command line."""
    return {name: str(value) for name, value in context.get_x_argument(as_dictionary=True).items()}


def _seconds(name: str, default: float) -> float:
    value = _arguments().get(name, str(default))
    try:
        return float(value)
    except ValueError:
        raise ConfigError(
            sentence("-x {name}={value}: is no number of seconds", name=name, value=value)
        ) from None


def _reason(error: OperationalError, url: str) -> str:
    # Before the first statement, the driver's own text quotes no row.
    cause = error.orig if error.statement is None else None
    text = " ".join(str(cause or classify(error).text).split())
    file = async_url(url).database if async_url(url).get_backend_name() == "sqlite" else None
    if file is None:
        return text
    return sentence(
        "{why}: {file} (is its folder there, and may this user write to it?)", why=text, file=file
    )


async def _migrate(url: str) -> None:
    database = Database(url, pool_size=1, is_patient=True)
    try:
        async with database.engine.connect() as connection:
            await connection.run_sync(_run)
            await connection.commit()
    finally:
        await database.close()


def main() -> None:
    """Migrate the database of `-x url=…`, else the one of DATABASE_URL."""
    mask_uncaught_errors()
    make_new_files_private()
    try:
        url = _arguments().get("url") or load(SharedSettings).database_url
        asyncio.run(_migrate_with_retries(url))
    except ConfigError as error:
        sys.exit(error_line(error))
    command = getattr(context.config.cmd_opts, "cmd", None)
    if command and command[0].__name__ == "upgrade":
        done = "{address}: up to date ({newest})"
        print(say(owner_language(), done, address=shown_address(async_url(url)), newest=newest_revision()))


main()
