"""One product on each database for all outages."""

from collections.abc import Iterator

import pytest

from tests.chaos.outages.catalogue import remove_faults
from tests.chaos.outages.postgres import OwnPostgres
from tests.chaos.outages.products import on_postgres, on_sqlite
from tests.support.running_product import RunningProduct


@pytest.fixture(scope="session")
def sqlite_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """The running product on SQLite."""
    with on_sqlite(tmp_path_factory.mktemp("outages-sqlite")) as product:
        yield product


@pytest.fixture
def product(sqlite_product: RunningProduct) -> Iterator[RunningProduct]:
    """The same, without planned faults before and after the test."""
    remove_faults(sqlite_product)
    yield sqlite_product
    remove_faults(sqlite_product)


@pytest.fixture(scope="module")
def on_own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningProduct, OwnPostgres]]:
    """The product on its own PostgreSQL, which tests may stop."""
    with on_postgres(tmp_path_factory.mktemp("outages-postgresql")) as pair:
        yield pair
