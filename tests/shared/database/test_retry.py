"""Tests that an action is repeated while the database is down, and only then."""

import logging

import pytest
from sqlalchemy.exc import OperationalError

from shared.database.engine import retry_while_database_down
from shared.database.faults.driver_errors import unavailable
from shared.database.faults.error_tables import DISK_FULL


async def test_action_is_repeated_until_the_database_answers(caplog: pytest.LogCaptureFixture) -> None:
    down, down_again = OperationalError("SELECT 1", {}, Exception("down")), ConnectionError("down")
    failures: list[Exception] = [down, down_again, unavailable(DISK_FULL), down]

    async def action() -> int:
        if failures:
            raise failures.pop(0)
        return 5

    with caplog.at_level(logging.INFO):
        assert await retry_while_database_down(action, pause=0, what="count leads") == 5
    assert [record.getMessage() for record in caplog.records] == [
        # The second is not logged: it says the same.
        "waiting to count leads: the database cannot be reached",
        "waiting to count leads: the database has no space left on its disk",
        "waiting to count leads: the database cannot be reached",
        "the database is back after 0 s",
    ]


async def test_other_errors_are_raised_at_once() -> None:
    calls = 0

    async def action() -> None:
        nonlocal calls
        calls += 1
        raise ValueError("not the database")

    with pytest.raises(ValueError, match="not the database"):
        await retry_while_database_down(action, pause=0, what="count leads")
    assert calls == 1
