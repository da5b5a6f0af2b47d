"""When first messages may be sent, and how many of them in 24 hours."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support.rows import NOW
from worker.domain import sending_limits
from worker.domain.config.outreach_hours import Hours

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
MOSCOW = ZoneInfo("Europe/Moscow")


@pytest.mark.parametrize(
    ("age", "cap"),
    [(0, 4), (0.99, 4), (1, 8), (2, 12), (3, 17), (4, 21), (5, 25), (6, 30), (7, 30), (400, 30), (-1, 4)],
)
def test_the_cap_of_a_new_account_grows(age: float, cap: int) -> None:
    assert sending_limits.outreach_cap(30, 7, created_at=NOW - age * DAY, now=NOW) == cap


@pytest.mark.parametrize("warmup", [0, 1])
def test_without_a_warm_up_the_cap_is_the_limit(warmup: int) -> None:
    assert sending_limits.outreach_cap(30, warmup, created_at=NOW, now=NOW) == 30


def test_a_small_limit_still_allows_one_message() -> None:
    assert sending_limits.outreach_cap(1, 30, created_at=NOW, now=NOW) == 1
    assert sending_limits.cap_for(1, hot=False) == 1


def test_a_third_is_reserved_for_hot_leads() -> None:
    assert [sending_limits.cap_for(cap, hot=False) for cap in (1, 2, 3, 4, 30)] == [1, 2, 2, 3, 20]
    assert sending_limits.cap_for(30, hot=True) == 30


@pytest.mark.parametrize(
    ("source", "age", "hot"),
    [
        ("tilda", 0 * SECOND, True),
        ("tilda", 15 * MINUTE - SECOND, True),
        ("tilda", 15 * MINUTE, False),
        ("api", -MINUTE, True),
        ("import", 0 * SECOND, False),
    ],
)
def test_a_lead_is_hot_for_15_minutes_after_its_form(source: str, age: timedelta, hot: bool) -> None:
    assert sending_limits.is_hot(source, NOW - age, NOW) is hot


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
def test_hours_are_in_the_contacts_local_time(clock: str, opens: str | None) -> None:
    now = datetime.fromisoformat(f"2026-11-24T{clock}+03:00").astimezone(UTC)
    found = Hours.parse("09:00-20:00").next_opening(now, MOSCOW)
    assert (found and f"{found.astimezone(MOSCOW):%d %H:%M}") == opens
    assert found is None or found.tzinfo is UTC


def test_one_moment_may_be_in_hours_in_one_zone_only() -> None:
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
def test_malformed_hours_raise_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any message
        Hours.parse(text)


def test_jitter_only_lengthens_a_gap() -> None:
    assert [sending_limits.gap_with_jitter(30 * SECOND, chance) for chance in (0, 0.5, 1)] == [
        30 * SECOND,
        37.5 * SECOND,
        45 * SECOND,
    ]


@pytest.mark.parametrize(("gap", "prepared"), [(0, 32), (1, 32), (2, 30), (10, 6), (30, 2), (3600, 2)])
def test_few_conversations_are_prepared_ahead(gap: int, prepared: int) -> None:
    assert sending_limits.max_prepared(gap * SECOND, 32) == prepared


def test_repeated_peer_floods_make_the_pause_longer() -> None:
    assert [sending_limits.peer_flood_pause(strikes).days for strikes in (1, 2, 3, 4, 5, 50)] == [
        1,
        2,
        4,
        7,
        7,
        7,
    ]
