"""One house on each database for all outages: each leaves it as it found it."""

from collections.abc import Iterator

import pytest

from tests.house import House
from tests.outages.catalogue import mend
from tests.outages.houses import on_postgres, on_sqlite
from tests.outages.postgres import OwnPostgres


@pytest.fixture(scope="session")
def sqlite_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The product on SQLite, running."""
    with on_sqlite(tmp_path_factory.mktemp("outages-sqlite")) as house:
        yield house


@pytest.fixture
def house(sqlite_house: House) -> Iterator[House]:
    """The same, with nothing planned before and after."""
    mend(sqlite_house)
    yield sqlite_house
    mend(sqlite_house)


@pytest.fixture(scope="module")
def on_own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, OwnPostgres]]:
    """The product on a PostgreSQL of its own, which tests may stop."""
    with on_postgres(tmp_path_factory.mktemp("outages-postgresql")) as pair:
        yield pair
