"""Starts the products that faults are made for."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.demo.product_processes import free_port
from tests.chaos.environment.disks import small_disk
from tests.chaos.environment.installation import Installation
from tests.chaos.environment.postgres_faults import as_user
from tests.chaos.outages.postgres import OwnPostgres
from tests.chaos.outages.products import SETTINGS
from tests.conftest import migrate
from tests.support.postgres_proxies import SilentProxy
from tests.support.running_product import running_product

_DISK_MEGABYTES = 32


@contextmanager
def on_a_postgres(folder: Path) -> Iterator[Installation]:
    """A product on its own PostgreSQL, as a user who owns nothing, over a network that can be cut."""
    server = OwnPostgres()
    try:
        network = SilentProxy(as_user(server.url))
        try:
            port = free_port()
            with running_product(folder, network.url, **_settings(port)) as product:
                yield Installation(product, server.url, port, server, network)
        finally:
            network.close()
    finally:
        server.close()


@contextmanager
def on_a_sqlite(folder: Path) -> Iterator[Installation]:
    """A product on SQLite, whose file is on a small disk of its own if this user may mount one."""
    with small_disk(folder / "disk", megabytes=_DISK_MEGABYTES) as disk:
        url = f"sqlite:///{disk / 'leads.db'}"
        migrate(url)
        port = free_port()
        with running_product(folder, url, **_settings(port)) as product:
            yield Installation(product, url, port)


def _settings(health_port: int) -> dict[str, str]:
    return SETTINGS | {"LOG_LEVEL": "DEBUG", "HEALTH_PORT": str(health_port)}
