"""The planner under any sequence of events: nothing twice, after a stop, at night, or over the limits."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.leads.plans import FOLLOW_UPS
from tests.worker.follow_ups.account import LIMITS, Account, open_account
from tests.worker.follow_ups.world import BEGAN, CONFIG, EVENTS, ZONES, S, World
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.domain.sending_limits import DAY
from worker.follow_ups.decisions import REMINDER_HOURS
from worker.follow_ups.enrolment import steps_for


@pytest.fixture
def account(sqlite_url: str) -> Iterator[Account]:
    with open_account(sqlite_url, BEGAN) as opened:
        yield opened


# Each is certain to meet one rule: a word ends follow-ups, plans expire, reminders survive a takeover,
# a time of before is confirmed again, a takeover comes right after a message.
@example([("look", 5), ("person", 1)], "Europe/Moscow", None)
@example([("book", 1), ("outage", 54)], "Europe/Moscow", None)
@example([("book", 1), ("takeover", 1), ("return", 60)], "Europe/Moscow", None)
@example([("book", 1), ("shift", 1), ("shift_back", 1)], "Europe/Moscow", None)
@example([("look", 49), ("takeover", 0)], "Europe/Moscow", None)
# All slots of the day are taken right before the follow-up to a person who has never answered.
@example([("look", 48), ("greet", 1)], "Europe/Moscow", None)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    story=st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 60)), max_size=25),
    zone=st.sampled_from(ZONES),
    outreach=st.sampled_from([None, "09:00-20:00", "12:00-15:00", "18:00-02:00"]),
)
def test_any_story(account: Account, story: list[tuple[str, int]], zone: str, outreach: str | None) -> None:
    account.forget()
    world = World(ZoneInfo(zone), Hours.parse(outreach) if outreach else None, account)
    for event, hours in [*story, *[("look", 24)] * 20]:
        world.happen(event)
        for _ in range(hours):
            if event != "outage":
                world.look()
            world.now += timedelta(hours=1)
        world.look()
    check(world)
    check_limits(world, account)


def check_limits(world: World, account: Account) -> None:
    """In no 24 hours are more strangers written to than the account may write to on that day."""
    for last in world.to_strangers:
        count = sum(last - DAY < at <= last for at in world.to_strangers)
        assert count <= LIMITS.outreach_cap(account.created_at, last)


def check(world: World) -> None:
    assert len({one.key for one, _ in world.sent}) == len(world.sent)
    told: dict[tuple[int | None, str], datetime | None] = {}
    for number, (one, at) in enumerate(world.sent):
        newest_word, meeting = world.known_at[number]
        assert not any(before <= number and at < end for before, end in world.stops)
        # A word of the person ends what nobody asked for.
        assert one.kind not in FOLLOW_UPS or newest_word <= (one.after_message_id or 0)
        if one.kind in ("confirmation", "reminder_day", "reminder_hour"):
            # Once for each time of a meeting, and again only if it had another one in between.
            assert told.get((one.booking_id, one.kind)) != meeting
            told[one.booking_id, one.kind] = meeting
        local = at.astimezone(world.zone)
        if one.kind == "follow_up":
            assert world.planner.calendar.is_open_at(at, world.zone)
            assert local.weekday() < 5
            assert local.date() != date(2026, 11, 27)
        elif at - one.created_at > timedelta(minutes=30) or one.kind.startswith("reminder"):
            assert REMINDER_HOURS.is_open_at(local)
        if one.expires_at is not None:
            assert at < one.expires_at
    by_silence: dict[str, int] = {}
    for one, _ in world.sent:
        if one.kind == "follow_up":
            silence = one.key.rsplit(":", 1)[0]
            by_silence[silence] = by_silence.get(silence, 0) + 1
    for silence, count in by_silence.items():
        # A person who has never answered, and has no link, gets one.
        never_answered = silence.endswith(":0") and world.sent[0][0].key.endswith(":0:0")
        assert count <= 2
        assert count == 1 or not never_answered or world.bookings
    gaps = [at for one, at in world.sent if one.kind == "follow_up"]
    assert all(later - earlier >= timedelta(hours=20) for earlier, later in pairwise(gaps))


def test_the_shipped_steps_by_the_clock_of_the_person() -> None:
    world = World(ZoneInfo("Europe/Moscow"), None)
    # A Thursday evening: after two working days comes Monday; the Friday is a day off.
    world.now = datetime(2026, 11, 26, 18, 30, tzinfo=UTC)
    world.messages = [world.message(1, "out", "greeting", "sent")]
    rows = steps_for(Conversation(world.lead, world.messages), CONFIG, world.planner.calendar, world.zone)
    assert [row["kind"] for row in rows] == ["follow_up", "close"]
    # 21:30 in Moscow is after the hours: the next morning.
    assert rows[0]["send_at"] == datetime(2026, 12, 2, 7, 0, tzinfo=UTC)
    world.messages.append(world.message(2, "in", "reply", "handled"))
    world.messages.append(world.message(3, "out", "link", "sent"))
    world.lead.status = S.SCHEDULED
    rows = steps_for(Conversation(world.lead, world.messages), CONFIG, world.planner.calendar, world.zone)
    assert [(row["kind"], row["step"]) for row in rows] == [
        ("follow_up", 0),
        ("follow_up", 1),
        ("close", None),
    ]
    assert {row["after_message_id"] for row in rows} == {3}


def test_a_promise_to_ask_a_colleague_is_no_silence() -> None:
    world = World(ZoneInfo("Europe/Moscow"), None)
    world.lead.open_question = "Сколько стоит?"
    assert steps_for(Conversation(world.lead, world.messages), CONFIG, world.planner.calendar, None) == []


def test_follow_ups_that_are_switched_off_end() -> None:
    world = World(ZoneInfo("Europe/Moscow"), None)
    world.enrol()
    world.now += timedelta(days=10)
    decision = world.planner.decide(world.planned, replace(world.situation(), follow_ups_on=False))
    assert set(decision.cancel.values()) == {"follow-ups are switched off"}
    assert len(decision.cancel) == 2
