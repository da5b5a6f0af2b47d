"""A database kept for a whole module, for tests that visit it hundreds of times."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.database.engine import Database


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
async def kept_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Database]:
    """One open Database of each kind in turn; rows of earlier tests stay in it."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        path = shutil.copy(template, tmp_path_factory.mktemp("kept") / "leads.db")
        database = Database(f"sqlite:///{path}")
    else:
        database = Database(request.getfixturevalue("postgres").create())
    yield database
    await database.close()
