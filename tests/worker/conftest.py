"""A worker on an account of its own."""

import pytest

from shared.database.engine import Database
from tests.support.rows import add_account
from worker.queue.leases import WorkerId


@pytest.fixture
async def me(kept_database: Database) -> WorkerId:
    """A worker on an account of its own."""
    return WorkerId(await add_account(kept_database), "life1")
