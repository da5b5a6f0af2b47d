"""Every moment that is computed by a local clock lies ahead and is right, in all zones, at changes too."""

from datetime import UTC, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import example, given, settings
from hypothesis import strategies as st

from worker.assistant.verdict.write_at import MAX_DELAY, read_write_at
from worker.domain.config.outreach_hours import Hours
from worker.domain.local_time import days_before, first_moment
from worker.follow_ups.working_days import Calendar

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
# A weekend, a skipped day, and the clock's change.
LONGEST_PAUSE = timedelta(days=5)
SAMOA = ZoneInfo("Pacific/Apia")
BERLIN = ZoneInfo("Europe/Berlin")
# Midnight itself is skipped or repeated there.
SAO_PAULO, HAVANA = ZoneInfo("America/Sao_Paulo"), ZoneInfo("America/Havana")

hours = (
    st.tuples(st.integers(0, 95), st.integers(0, 95))
    .filter(lambda pair: abs(pair[0] - pair[1]) > 12)
    .map(lambda pair: Hours(*(time(quarter // 4, quarter % 4 * 15) for quarter in pair)))
)


@cache
def _days_near_a_change(zone: ZoneInfo, year: int) -> list[datetime]:
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(366)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    changes = [day for day, (one, other) in zip(days, pairwise(offsets), strict=False) if one != other]
    return changes or days


@st.composite
def near_a_change(draw: st.DrawFn) -> tuple[datetime, ZoneInfo]:
    """A moment near a change of the zone's clocks, if they change in that year."""
    zone = ZoneInfo(draw(st.sampled_from(ZONES)))
    day = draw(st.sampled_from(_days_near_a_change(zone, draw(st.integers(2008, 2032)))))
    return day + draw(st.integers(-12 * 60, 48 * 60)) * MINUTE, zone


@settings(max_examples=150, deadline=None)
@given(near=near_a_change(), opened=hours)
@example((datetime(2011, 12, 29, 20, tzinfo=UTC), SAMOA), Hours.parse("10:00-18:00"))
@example((datetime(2026, 3, 29, 0, 30, tzinfo=UTC), BERLIN), Hours.parse("02:15-20:00"))
def test_the_next_working_hour_is_open_and_not_past(near: tuple[datetime, ZoneInfo], opened: Hours) -> None:
    now, zone = near
    calendar = Calendar(opened)
    opening = calendar.next_open(now, zone)
    assert opening.tzinfo == now.tzinfo
    assert now <= opening <= now + LONGEST_PAUSE
    assert calendar.is_open_at(opening, zone)
    # None is open before it.
    step = max(MINUTE, (opening - now) // 40)
    moment = now
    while (moment := moment + step) < opening:
        assert not calendar.is_open_at(moment, zone), moment


@settings(max_examples=150, deadline=None)
@given(near=near_a_change(), days=st.integers(1, 5), opened=hours)
@example((datetime(2026, 3, 27, 1, 30, tzinfo=UTC), BERLIN), 1, Hours.parse("02:15-20:00"))
def test_some_working_days_later_is_never_earlier(
    near: tuple[datetime, ZoneInfo], days: int, opened: Hours
) -> None:
    now, zone = near
    calendar = Calendar(opened)
    later = calendar.after(now, days, zone)
    assert calendar.is_open_at(later, zone)
    # A day may have 23 hours, or be skipped.
    assert now + (days - 1) * DAY < later <= now + timedelta(days=2 * days) + LONGEST_PAUSE


@settings(max_examples=150, deadline=None)
@given(near=near_a_change(), quarter=st.integers(0, 95))
@example((datetime(2018, 11, 4, 2, 30, tzinfo=UTC), SAO_PAULO), 0)
@example((datetime(2026, 11, 1, 4, 30, tzinfo=UTC), HAVANA), 1)
def test_a_time_of_day_comes_once_or_twice_and_in_order(
    near: tuple[datetime, ZoneInfo], quarter: int
) -> None:
    now, zone = near
    day, clock = now.astimezone(zone).date(), time(quarter // 4, quarter % 4 * 15)
    first = first_moment(day, clock, zone, after=now - 2 * DAY)
    assert first is not None
    shown = first.replace(tzinfo=None)
    # If the clocks skip it, the end of the gap; a whole day may be skipped.
    assert shown == datetime.combine(day, clock) or shown > datetime.combine(day, clock)
    assert first.astimezone(UTC).astimezone(zone) == first
    again = first_moment(day, clock, zone, after=first.astimezone(UTC))
    # In UTC: two times of one zone are compared by what its clocks show.
    assert again is None or MINUTE <= again.astimezone(UTC) - first.astimezone(UTC) <= timedelta(hours=3)


@settings(max_examples=150, deadline=None)
@given(near=near_a_change(), number=st.sampled_from([1, 7]))
@example((datetime(2018, 11, 4, 12, tzinfo=UTC), SAO_PAULO), 1)
@example((datetime(2011, 12, 30, 20, tzinfo=UTC), SAMOA), 1)
def test_the_days_of_summaries_follow_each_other_without_a_gap(
    near: tuple[datetime, ZoneInfo], number: int
) -> None:
    now, zone = near
    local = now.astimezone(zone)
    start, end = days_before(local, number)
    assert start.astimezone(UTC) <= end.astimezone(UTC) <= now
    assert end.astimezone(UTC) - start.astimezone(UTC) <= number * DAY + timedelta(hours=24)
    # The days of the day before end where these begin.
    begin = start if number == 7 else days_before(end, 1)[0]
    assert days_before(begin + timedelta(hours=9), 1)[1] == begin


@settings(max_examples=150, deadline=None)
@given(near=near_a_change(), ahead=st.integers(0, 3), quarter=st.integers(1, 95))
# 02:40 for the second time, and 02:45 is named.
@example((datetime(2026, 10, 25, 1, 40, tzinfo=UTC), BERLIN), 0, 11)
def test_a_moment_that_a_person_names_lies_ahead(
    near: tuple[datetime, ZoneInfo], ahead: int, quarter: int
) -> None:
    now, zone = near
    local = now.astimezone(zone)
    clock = time(quarter // 4, quarter % 4 * 15)
    named = datetime.combine(local.date() + timedelta(days=ahead), clock)
    found = read_write_at(f"{named:%Y-%m-%d %H:%M}", local)
    if (now, zone) == (datetime(2026, 10, 25, 1, 40, tzinfo=UTC), BERLIN):
        assert found is not None
        assert found.astimezone(UTC) == now + 5 * MINUTE
    if found is None:
        assert ahead <= 1
        return
    assert now.astimezone(UTC) < found.astimezone(UTC) <= now + MAX_DELAY
