"""One product on each database for all faults of the environment, logging at DEBUG."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox.demo.product_processes import free_port
from tests.chaos.environment.faults import as_user
from tests.chaos.outages.postgres import OwnPostgres
from tests.chaos.outages.products import SETTINGS
from tests.conftest import migrate
from tests.support.running_product import RunningProduct, running_product


@dataclass(frozen=True)
class Installation:
    """A running product; `owner_url`: its database for the one who makes the faults."""

    product: RunningProduct
    owner_url: str
    health_port: int


def _run(folder: Path, url: str, owner_url: str) -> Iterator[Installation]:
    port = free_port()
    settings = SETTINGS | {"LOG_LEVEL": "DEBUG", "HEALTH_PORT": str(port)}
    with running_product(folder, url, **settings) as product:
        yield Installation(product, owner_url, port)


@pytest.fixture(scope="module")
def on_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product on its own PostgreSQL, as a user who owns nothing."""
    postgres = OwnPostgres()
    try:
        yield from _run(tmp_path_factory.mktemp("environment"), as_user(postgres.url), postgres.url)
    finally:
        postgres.close()


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product on SQLite."""
    folder = tmp_path_factory.mktemp("environment")
    url = f"sqlite:///{folder / 'leads.db'}"
    migrate(url)
    yield from _run(folder, url, url)
