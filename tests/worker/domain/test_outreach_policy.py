"""When a new person may be written to, and how many of them a day."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.rows import NOW
from worker.domain import outreach_policy
from worker.domain.outreach_policy import Hours

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    ("age", "cap"),
    [(0, 4), (0.99, 4), (1, 8), (2, 12), (3, 17), (4, 21), (5, 25), (6, 30), (7, 30), (400, 30), (-1, 4)],
)
def test_a_new_accounts_cap_grows(age: float, cap: int) -> None:
    assert outreach_policy.cap(30, 7, made_at=NOW - age * DAY, now=NOW) == cap


@pytest.mark.parametrize("warmup", [0, 1])
def test_without_a_warm_up(warmup: int) -> None:
    assert outreach_policy.cap(30, warmup, made_at=NOW, now=NOW) == 30


def test_a_small_limit_lets_somebody_be_written_to() -> None:
    assert outreach_policy.cap(1, 30, made_at=NOW, now=NOW) == 1
    assert outreach_policy.cap_for(1, fresh=False) == 1


def test_a_third_is_kept_for_the_fresh() -> None:
    assert [outreach_policy.cap_for(cap, fresh=False) for cap in (1, 2, 3, 4, 30)] == [1, 2, 2, 3, 20]
    assert outreach_policy.cap_for(30, fresh=True) == 30


@pytest.mark.parametrize(
    ("source", "age", "fresh"),
    [
        ("tilda", 0 * SECOND, True),
        ("tilda", 15 * MINUTE - SECOND, True),
        ("tilda", 15 * MINUTE, False),
        ("api", -MINUTE, True),
        ("import", 0 * SECOND, False),
    ],
)
def test_who_has_just_sent_the_form(source: str, age: timedelta, fresh: bool) -> None:
    assert outreach_policy.is_fresh(source, NOW - age, NOW) is fresh


@pytest.mark.parametrize(
    ("clock", "opens"),
    [
        ("08:59:59", "24 09:00"),
        ("09:00:00", None),
        ("19:59:59", None),
        ("20:00:00", "25 09:00"),
        ("23:30:00", "25 09:00"),
        ("00:10:00", "24 09:00"),
    ],
)
def test_hours_are_those_of_the_persons_clock(clock: str, opens: str | None) -> None:
    now = datetime.fromisoformat(f"2026-11-24T{clock}+03:00").astimezone(UTC)
    found = Hours.parse("09:00-20:00").next_opening(now, MOSCOW)
    assert (found and f"{found.astimezone(MOSCOW):%d %H:%M}") == opens
    assert found is None or found.tzinfo is UTC


def test_the_same_moment_elsewhere() -> None:
    hours = Hours.parse("09:00-20:00")
    morning = datetime(2026, 11, 24, 5, tzinfo=UTC)
    assert hours.next_opening(morning, MOSCOW) == datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert hours.next_opening(morning, ZoneInfo("Asia/Vladivostok")) is None


@pytest.mark.parametrize(("clock", "is_open"), [(21, True), (1, True), (2, False), (12, False)])
def test_hours_past_midnight(clock: int, is_open: bool) -> None:
    now = datetime(2026, 11, 24, clock, tzinfo=UTC)
    assert (Hours.parse("20:00-02:00").next_opening(now, UTC) is None) is is_open


@pytest.mark.parametrize(
    "text", ["", "9-20", "09:00", "09:00-25:00", "09:00-09:00", "a-b", "09:00-10:00-11:00"]
)
def test_no_hours(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        Hours.parse(text)


def test_gaps_differ_and_are_never_shorter() -> None:
    assert [outreach_policy.spaced(30 * SECOND, chance) for chance in (0, 0.5, 1)] == [
        30 * SECOND,
        37.5 * SECOND,
        45 * SECOND,
    ]


@pytest.mark.parametrize(("gap", "prepared"), [(0, 32), (1, 32), (2, 30), (10, 6), (30, 2), (3600, 2)])
def test_little_is_prepared_ahead(gap: int, prepared: int) -> None:
    assert outreach_policy.ahead(gap * SECOND, 32) == prepared


def test_refusals_in_a_row_make_the_pause_longer() -> None:
    assert [outreach_policy.pause(strikes).days for strikes in (1, 2, 3, 4, 5, 50)] == [1, 2, 4, 7, 7, 7]
