"""The moment at which a person asks to be written to, as models state it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from worker.assistant.verdict.write_at import MAX_DELAY, read_write_at

# A Tuesday.
NOW = datetime(2026, 11, 24, 15, 30, tzinfo=ZoneInfo("Asia/Almaty"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-30T11:00", "30 11:00"),
        ("2026-11-30T11:00:00", "30 11:00"),
        ("2026-11-30 16:45", "30 16:45"),
        ("2026-11-30T11:00Z", "30 11:00"),
        ("2026-11-30T11:00:00.000Z", "30 11:00"),
        ("2026-11-30", "30 11:00"),
        ("2026-11-30T00:00", "30 11:00"),
        ("2026-11-30T00:00+03:00", "30 11:00"),
        ("30.11.2026, 9:05", "30 09:05"),
        ("понедельник, 30.11.2026", "30 11:00"),
        # Moscow is two hours behind Almaty.
        ("2026-11-30T11:00:00+03:00", "30 13:00"),
        ("2026-11-30T11:00+0500", "30 11:00"),
        ("2026-11-24T15:31", "24 15:31"),
    ],
)
def test_a_moment_is_read_in_local_time(text: str, expected: str) -> None:
    moment = read_write_at(text, NOW)
    assert moment is not None
    assert f"{moment.day} {moment:%H:%M}" == expected
    assert moment.utcoffset() == NOW.utcoffset()


@pytest.mark.parametrize(
    "text",
    [
        *(
            None,
            "",
            "null",
            "завтра",
            "11:00",
            "2026-13-30T11:00",
            "2026-11-31",
            "2026-11-30T25:00",
            "99999-1-1",
        ),
        *(
            "2026-11-24T15:30",
            "2026-11-23T18:00",
            "2020-01-01",
            "2028-01-01",
            "0000-00-00",
            "9999-12-31T23:59",
        ),
        "2026-11-30T11:00+99:99",
    ],
)
def test_no_moment(text: str | None) -> None:
    assert read_write_at(text, NOW) is None


def test_the_latest_moment_is_a_year_ahead() -> None:
    latest = NOW + MAX_DELAY
    assert read_write_at(f"{latest:%Y-%m-%dT%H:%M}", NOW) == latest
    assert read_write_at(f"{latest + timedelta(days=1):%Y-%m-%dT%H:%M}", NOW) is None
