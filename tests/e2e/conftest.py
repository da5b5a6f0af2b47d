"""A running house on each database, shared by the journeys: each brings people of its own."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Postgres
from tests.support.running_product import RunningProduct


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[RunningProduct]:
    """The running product."""
    folder = tmp_path_factory.mktemp(f"house-{request.param}")
    if request.param == "sqlite":
        shutil.copy(sqlite_template, folder / "leads.db")
        url = f"sqlite:///{folder / 'leads.db'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.create()
    house = RunningProduct(folder, url)
    yield house
    house.close()


@pytest.fixture(scope="session")
def hearing_house(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[RunningProduct]:
    """The product that listens to voice messages."""
    folder = tmp_path_factory.mktemp("house-hearing")
    shutil.copy(sqlite_template, folder / "leads.db")
    house = RunningProduct(folder, f"sqlite:///{folder / 'leads.db'}", TRANSCRIBE_MODEL="whisper-1")
    yield house
    house.close()
