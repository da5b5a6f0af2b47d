"""A product on each database for the crash tests: short pauses, and a little typing before each message."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.crashes.crashes import CrashHarness
from tests.chaos.crashes.database_state import DatabaseReader
from tests.chaos.crashes.locks import lock_of
from tests.support.running_product import RunningProduct

QUICK = {"REPLY_DEBOUNCE_SECONDS": "0.1", "POLL_INTERVAL_SECONDS": "0.1", "TYPING_SECONDS": "0.02"}


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def shared_harness(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[CrashHarness]:
    """The running product, and what is needed to crash it."""
    folder = tmp_path_factory.mktemp(f"crashes-{request.param}")
    if request.param == "sqlite":
        shutil.copy(sqlite_template, folder / "leads.db")
        url = f"sqlite:///{folder / 'leads.db'}"
    else:
        url = request.getfixturevalue("postgres").create()
    product = RunningProduct(folder, url, **QUICK)
    harness = CrashHarness(product, lock_of(url), DatabaseReader(url))
    yield harness
    harness.close()


@pytest.fixture
def harness(shared_harness: CrashHarness) -> CrashHarness:
    """The same, reset before each test."""
    shared_harness.reset()
    return shared_harness
