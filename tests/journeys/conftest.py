"""A running house on each database, shared by the journeys: each brings people of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Postgres
from tests.house import House


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[House]:
    """The running product."""
    folder = tmp_path_factory.mktemp(f"house-{request.param}")
    if request.param == "sqlite":
        shutil.copy(sqlite_template, folder / "leads.db")
        url = f"sqlite:///{folder / 'leads.db'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.create()
    house = House(folder, url)
    yield house
    house.close()
