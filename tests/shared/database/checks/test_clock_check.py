"""This machine's clock is compared with the database's."""

import pytest

from shared.database.checks.clock_check import clock_error, describe_clock_error
from shared.database.engine import Database
from tests.support.waiting import patience_seconds


async def test_a_database_on_this_machine_has_the_same_clock(kept_database: Database) -> None:
    assert abs(await clock_error(kept_database)) < patience_seconds(1)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (75.2, "this machine's clock is 75 s ahead of the database's"),
        (-3_600, "this machine's clock is 3600 s behind the database's"),
        (86_400 * 100, "this machine's clock is 100 days ahead of the database's"),
    ],
)
def test_the_difference_is_described(error: float, text: str) -> None:
    assert describe_clock_error(error, "the database") == text
