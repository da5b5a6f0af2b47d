"""Houses for outages: quick to despair and quick to recover, so that nothing is waited for in vain."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import migrate
from tests.house import House
from tests.outages.postgres import OwnPostgres

# Few attempts: an outage that is charged to a lead shows at once.
SETTINGS = {"MAX_ATTEMPTS": "4", "ASSISTANT_PAUSE_SECONDS": "1"}


@contextmanager
def on_sqlite(folder: Path, **settings: str) -> Iterator[House]:
    """A house on a fresh SQLite database."""
    url = f"sqlite:///{folder / 'leads.db'}"
    migrate(url)
    house = House(folder, url, **SETTINGS | settings)
    try:
        yield house
    finally:
        house.close()


@contextmanager
def on_postgres(folder: Path, **settings: str) -> Iterator[tuple[House, OwnPostgres]]:
    """A house with a PostgreSQL of its own."""
    postgres = OwnPostgres()
    try:
        house = House(folder, postgres.url, **SETTINGS | settings)
        try:
            yield house, postgres
        finally:
            house.close()
    finally:
        postgres.close()
