"""A database of each kind for thousands of short histories."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from shared.database.engine import Database

# The product's database, and an engine beside it that reads the tables.
DatabasePair = tuple[Database, Engine]


@pytest.fixture(scope="module")
async def sqlite(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[DatabasePair]:
    """A migrated SQLite database."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("model") / "leads.db")
    database = Database(f"sqlite:///{path}")

    @event.listens_for(database.engine.sync_engine, "connect")
    def _disable_fsync(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        # The file is deleted afterwards, so nothing needs to survive a power cut.
        connection.cursor().execute("PRAGMA synchronous=OFF")

    observer = create_engine(database.url.set(drivername="sqlite"))
    yield database, observer
    observer.dispose()
    await database.close()


@pytest.fixture(scope="module")
async def postgresql(request: pytest.FixtureRequest) -> AsyncIterator[DatabasePair]:
    """A migrated PostgreSQL database."""
    database = Database(request.getfixturevalue("postgres").create())
    observer = create_engine(database.url.set(drivername="postgresql+psycopg"))
    yield database, observer
    observer.dispose()
    await database.close()
