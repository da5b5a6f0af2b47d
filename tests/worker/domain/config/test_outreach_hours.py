"""The next opening lies ahead, and the hours are open then: in every zone, also when its clocks change."""

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from worker.domain.config.outreach_hours import Hours

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
MINUTE = timedelta(minutes=1)
# All hours of a day, the skipped day of Samoa included.
LONGEST = timedelta(hours=49)

hours = st.tuples(st.integers(0, 95), st.integers(0, 95)).filter(lambda pair: pair[0] != pair[1])


def _hours(opens: int, closes: int) -> Hours:
    return Hours(time(opens // 4, opens % 4 * 15), time(closes // 4, closes % 4 * 15))


def _is_open(hours: Hours, moment: datetime, zone: ZoneInfo) -> bool:
    return hours.next_opening(moment, zone) is None


@st.composite
def _near_a_change(draw: st.DrawFn) -> tuple[datetime, ZoneInfo]:
    """A moment of a year in a zone; if the zone's clocks change in that year, within hours of the change."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    begin = datetime(draw(st.integers(2005, 2035)), 1, 1, tzinfo=UTC)
    days = [begin + timedelta(days=day) for day in range(366)]
    changes = [
        day
        for day, following in pairwise(days)
        if day.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset()
    ]
    day = draw(st.sampled_from(changes or days))
    return day + draw(st.integers(-12 * 60, 48 * 60)) * MINUTE, zone


@settings(max_examples=400, deadline=None)
@given(near=_near_a_change(), pair=hours)
@example((datetime(2026, 10, 25, 0, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin")), (11, 80))
@example((datetime(2026, 3, 29, 0, 30, tzinfo=UTC), ZoneInfo("Europe/Berlin")), (9, 11))
@example((datetime(2011, 12, 30, 9, 0, tzinfo=UTC), ZoneInfo("Pacific/Apia")), (36, 80))
def test_the_next_opening_is_the_first_open_moment(
    near: tuple[datetime, ZoneInfo], pair: tuple[int, int]
) -> None:
    (now, zone), hours = near, _hours(*pair)
    opening = hours.next_opening(now, zone)
    if opening is None:
        return
    assert opening.tzinfo == now.tzinfo
    assert now < opening <= now + LONGEST
    assert _is_open(hours, opening, zone)
    # Closed until then.
    step = max(MINUTE, (opening - now) // 50)
    moment = now
    while (moment := moment + step) < opening:
        assert not _is_open(hours, moment, zone), moment


def test_in_a_repeated_hour_the_second_pass_opens_again() -> None:
    berlin, opens = ZoneInfo("Europe/Berlin"), Hours.parse("02:45-20:00")
    # 02:30 for the second time.
    now = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert opens.next_opening(now, berlin) == now + timedelta(minutes=15)


@pytest.mark.parametrize("text", ["02:15-20:00", "02:15-03:15"])
def test_a_skipped_opening_is_the_end_of_the_gap(text: str) -> None:
    now = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert Hours.parse(text).next_opening(now, ZoneInfo("Europe/Berlin")) == now + timedelta(minutes=30)


def test_skipped_hours_open_on_the_next_day() -> None:
    now = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    opening = Hours.parse("02:15-02:45").next_opening(now, ZoneInfo("Europe/Berlin"))
    assert opening == datetime(2026, 3, 30, 0, 15, tzinfo=UTC)
