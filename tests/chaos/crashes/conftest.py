"""A product on each database for the crash tests: short pauses, and a little typing before each message."""

from collections.abc import Iterator

import pytest

from tests.chaos.crashes.crashes import CrashHarness
from tests.chaos.crashes.database_state import DatabaseReader
from tests.chaos.crashes.locks import lock_of
from tests.support.databases import new_database
from tests.support.running_product import RunningProduct

QUICK = {"REPLY_DEBOUNCE_SECONDS": "0.1", "POLL_INTERVAL_SECONDS": "0.1", "TYPING_SECONDS": "0.02"}


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def shared_harness(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CrashHarness]:
    """The running product, and what is needed to crash it."""
    folder = tmp_path_factory.mktemp(f"crashes-{request.param}")
    url = new_database(request, request.param, folder)
    product = RunningProduct(folder, url, **QUICK)
    harness = CrashHarness(product, lock_of(url), DatabaseReader(url))
    yield harness
    harness.close()


@pytest.fixture
def harness(shared_harness: CrashHarness) -> CrashHarness:
    """The same, reset before each test."""
    shared_harness.reset()
    return shared_harness
