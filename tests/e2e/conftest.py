"""A running product on each database, shared by the tests; each test adds its own people."""

from collections.abc import Iterator

import pytest

from tests.support.databases import new_database
from tests.support.running_product import RunningProduct, running_product


def _running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> Iterator[RunningProduct]:
    folder = tmp_path_factory.mktemp(f"product-{kind}")
    with running_product(folder, new_database(request, kind, folder)) as product:
        yield product


# Two fixtures: pytest ends the value of a fixture for one parameter before it makes the next one, which would
# start the product twice for each file.
@pytest.fixture(scope="package")
def product_on_sqlite(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """The running product on SQLite."""
    yield from _running(request, tmp_path_factory, "sqlite")


@pytest.fixture(scope="package")
def product_on_postgresql(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """The running product on PostgreSQL."""
    yield from _running(request, tmp_path_factory, "postgresql")


@pytest.fixture(params=["sqlite", "postgresql"])
def product(request: pytest.FixtureRequest) -> RunningProduct:
    """The running product on each database."""
    found: RunningProduct = request.getfixturevalue(f"product_on_{request.param}")
    return found


@pytest.fixture(scope="package")
def transcribing_product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """The running product with transcription of voice messages."""
    folder = tmp_path_factory.mktemp("product-hearing")
    url = new_database(request, "sqlite", folder)
    with running_product(folder, url, TRANSCRIBE_MODEL="whisper-1") as product:
        yield product
