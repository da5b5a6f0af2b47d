"""Houses for outages: quick to despair and quick to recover, so that nothing is waited for in vain."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.outages.postgres import OwnPostgres
from tests.conftest import migrate
from tests.support.running_product import RunningProduct

# Few attempts: an outage that is charged to a lead shows at once.
SETTINGS = {"MAX_ATTEMPTS": "4", "ASSISTANT_PAUSE_SECONDS": "1"}


@contextmanager
def on_sqlite(folder: Path, **settings: str) -> Iterator[RunningProduct]:
    """A house on a fresh SQLite database."""
    url = f"sqlite:///{folder / 'leads.db'}"
    migrate(url)
    house = RunningProduct(folder, url, **SETTINGS | settings)
    try:
        yield house
    finally:
        house.close()


@contextmanager
def on_postgres(folder: Path, **settings: str) -> Iterator[tuple[RunningProduct, OwnPostgres]]:
    """A house with a PostgreSQL of its own."""
    postgres = OwnPostgres()
    try:
        house = RunningProduct(folder, postgres.url, **SETTINGS | settings)
        try:
            yield house, postgres
        finally:
            house.close()
    finally:
        postgres.close()
