"""One house on each database for all outages: each leaves it as it found it."""

from collections.abc import Iterator

import pytest

from tests.chaos.outages.catalogue import mend
from tests.chaos.outages.postgres import OwnPostgres
from tests.chaos.outages.products import on_postgres, on_sqlite
from tests.support.running_product import RunningProduct


@pytest.fixture(scope="session")
def sqlite_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    """The product on SQLite, running."""
    with on_sqlite(tmp_path_factory.mktemp("outages-sqlite")) as house:
        yield house


@pytest.fixture
def house(sqlite_house: RunningProduct) -> Iterator[RunningProduct]:
    """The same, with nothing planned before and after."""
    mend(sqlite_house)
    yield sqlite_house
    mend(sqlite_house)


@pytest.fixture(scope="module")
def on_own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningProduct, OwnPostgres]]:
    """The product on a PostgreSQL of its own, which tests may stop."""
    with on_postgres(tmp_path_factory.mktemp("outages-postgresql")) as pair:
        yield pair
