"""Whose clock it is."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from worker.domain.local_time import local_time

OWNERS = datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("Europe/Moscow"))


@pytest.mark.parametrize(
    ("phone", "hour"),
    [
        ("+74232212345", 22),
        ("+73832123456", 19),
        ("+380441234567", 14),
        ("+998901234567", 17),
        ("+442079460958", 12),
        ("+971501234567", 16),
        # A Russian mobile, a country with several zones: it may be anywhere.
        ("+79161234567", 15),
        ("+18005551234", 15),
        ("+0", 15),
        ("nonsense", 15),
        (None, 15),
    ],
)
def test_the_clock_of_a_phone(phone: str | None, hour: int) -> None:
    at = local_time(OWNERS, phone)
    assert at.hour == hour
    assert at == OWNERS
