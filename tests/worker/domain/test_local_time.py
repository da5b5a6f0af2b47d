"""The local time of a contact, from their phone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from worker.domain.local_time import to_local_time

OWNER_TIME = datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("Europe/Moscow"))


@pytest.mark.parametrize(
    ("phone", "hour"),
    [
        ("+74232212345", 22),
        ("+73832123456", 19),
        ("+380441234567", 14),
        ("+998901234567", 17),
        ("+442079460958", 12),
        ("+971501234567", 16),
        # A Russian mobile phone and a country with several zones: the owner's time zone is used.
        ("+79161234567", 15),
        ("+18005551234", 15),
        ("+0", 15),
        ("nonsense", 15),
        (None, 15),
    ],
)
def test_the_local_time_of_a_phone(phone: str | None, hour: int) -> None:
    at = to_local_time(OWNER_TIME, phone)
    assert at.hour == hour
    assert at == OWNER_TIME
