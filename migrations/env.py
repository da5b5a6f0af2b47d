"""Runs migrations on the database that DATABASE_URL names."""

import asyncio
import sys

from alembic import context
from sqlalchemy.engine import Connection
from sqlmodel import SQLModel

from shared import models
from shared.db import Database
from shared.errors import ConfigError
from shared.settings import SharedSettings, load

assert models  # noqa: S101 - importing it fills the metadata


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        # SQLite cannot alter a column in place: Alembic rebuilds the table.
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


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
    url = context.get_x_argument(as_dictionary=True).get("url")
    try:
        asyncio.run(_migrate(str(url) if url else load(SharedSettings).database_url))
    except ConfigError as error:
        sys.exit(f"error: {error}")


main()
