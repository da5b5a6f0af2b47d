"""A database of each kind for thousands of short stories."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event

from shared.database.engine import Database

# What the product works with, and a connection beside it to look at the tables.
Ground = tuple[Database, Engine]


@pytest.fixture(scope="module")
async def sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    """SQLite."""
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("model") / "leads.db")
    database = Database(f"sqlite:///{path}")

    @event.listens_for(database.engine.sync_engine, "connect")
    def _hurry(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        # It is thrown away: what a power cut would lose is not waited for.
        connection.cursor().execute("PRAGMA synchronous=OFF")

    eyes = create_engine(database.url.set(drivername="sqlite"))
    yield database, eyes
    eyes.dispose()
    await database.close()


@pytest.fixture(scope="module")
async def postgresql(request: pytest.FixtureRequest) -> AsyncIterator[Ground]:
    """PostgreSQL."""
    database = Database(request.getfixturevalue("postgres").create())
    eyes = create_engine(database.url.set(drivername="postgresql+psycopg"))
    yield database, eyes
    eyes.dispose()
    await database.close()
