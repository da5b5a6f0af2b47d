"""Products for outages, with few attempts and short pauses, so that tests need not wait long."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.chaos.outages.postgres import OwnPostgres
from tests.conftest import migrate
from tests.support.running_product import RunningProduct, running_product

# Few attempts: an outage that counts as a failure of the lead shows at once.
SETTINGS = {"MAX_ATTEMPTS": "4", "ASSISTANT_PAUSE_SECONDS": "1"}


@contextmanager
def on_sqlite(folder: Path, **settings: str) -> Iterator[RunningProduct]:
    """A product on a new SQLite database."""
    url = f"sqlite:///{folder / 'leads.db'}"
    migrate(url)
    with running_product(folder, url, **SETTINGS | settings) as product:
        yield product


@contextmanager
def on_postgres(folder: Path, **settings: str) -> Iterator[tuple[RunningProduct, OwnPostgres]]:
    """A product with its own PostgreSQL."""
    postgres = OwnPostgres()
    try:
        with running_product(folder, postgres.url, **SETTINGS | settings) as product:
            yield product, postgres
    finally:
        postgres.close()
