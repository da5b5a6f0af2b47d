"""A running product on each database, shared by the tests; each test adds its own people."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Postgres
from tests.support.running_product import RunningProduct


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[RunningProduct]:
    """The running product."""
    folder = tmp_path_factory.mktemp(f"product-{request.param}")
    if request.param == "sqlite":
        shutil.copy(sqlite_template, folder / "leads.db")
        url = f"sqlite:///{folder / 'leads.db'}"
    else:
        postgres: Postgres = request.getfixturevalue("postgres")
        url = postgres.create()
    product = RunningProduct(folder, url)
    yield product
    product.close()


@pytest.fixture(scope="session")
def transcribing_product(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[RunningProduct]:
    """The running product with transcription of voice messages."""
    folder = tmp_path_factory.mktemp("product-hearing")
    shutil.copy(sqlite_template, folder / "leads.db")
    product = RunningProduct(folder, f"sqlite:///{folder / 'leads.db'}", TRANSCRIBE_MODEL="whisper-1")
    yield product
    product.close()
