"""A house on each database for the crashes: quick, and typing for a moment before each message."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.crashes.crashes import Site
from tests.chaos.crashes.database_state import Ledger
from tests.chaos.crashes.locks import lock_of
from tests.support.running_product import RunningProduct

QUICK = {"REPLY_DEBOUNCE_SECONDS": "0.1", "POLL_INTERVAL_SECONDS": "0.1", "TYPING_SECONDS": "0.02"}


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def shared_site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Site]:
    """The running product, and the means to crash it."""
    folder = tmp_path_factory.mktemp(f"crashes-{request.param}")
    if request.param == "sqlite":
        shutil.copy(sqlite_template, folder / "leads.db")
        url = f"sqlite:///{folder / 'leads.db'}"
    else:
        url = request.getfixturevalue("postgres").create()
    house = RunningProduct(folder, url, **QUICK)
    site = Site(house, lock_of(url), Ledger(url))
    yield site
    site.close()


@pytest.fixture
def site(shared_site: Site) -> Site:
    """The same, in order."""
    shared_site.mend()
    return shared_site
