"""The planner under any sequence of events: nothing twice, after a stop, at night, or over the limits."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bookings import reminders
from shared.database.models import Booking, Lead, Message, PlannedMessage
from shared.statuses import LeadStatus
from worker.domain.config.follow_up_config import FollowUpConfig
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.follow_ups.decisions import REMINDER_HOURS, Decision, Situation, planner_of
from worker.follow_ups.enrolment import steps_for

S = LeadStatus
BEGAN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ZONES = ("Europe/Moscow", "Asia/Kamchatka", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
CONFIG = FollowUpConfig(days_off=["01-01", "01-07", "2026-11-27"])
# What may happen, with the hours until the next event.
EVENTS = (
    "look",
    "look",
    "look",
    "person",
    "book",
    "cancel",
    "move",
    "takeover",
    "reject",
    "suppress",
    "limit",
)


class World:
    """One lead, as the worker would treat it: enrolled, looked at, written to, answered."""

    def __init__(self, zone: tzinfo, outreach: Hours | None) -> None:
        self.zone = zone
        self.planner = planner_of(CONFIG, outreach)
        self.outreach = outreach
        self.now = BEGAN
        self.lead = Lead(id=1, name="Анна", source="api", status=S.CONTACTED, extra={})
        self.messages = [self.message(1, "out", "greeting", "sent")]
        self.planned: list[PlannedMessage] = []
        self.bookings: list[Booking] = []
        self.sent: list[tuple[PlannedMessage, datetime]] = []
        self.stopped_at: datetime | None = None
        self.is_limited = self.is_suppressed = False

    def message(self, number: int, direction: str, kind: str, state: str) -> Message:
        fields: dict[str, Any] = {
            "direction": direction,
            "kind": kind,
            "state": state,
            "created_at": self.now,
        }
        sent_at = self.now if direction == "out" else None
        return Message(id=number, lead_id=1, text="слова", sent_at=sent_at, **fields)

    def situation(self) -> Situation:
        conversation = Conversation(self.lead, self.messages)
        return Situation(
            self.lead.status,
            self.now,
            self.zone,
            newest_word=conversation.newest_word,
            last_sent_at=conversation.last_sent_at,
            is_limited=self.is_limited,
            is_suppressed=self.is_suppressed,
        )

    def enrol(self) -> None:
        if any(one.state == "planned" for one in self.planned):
            return
        if self.lead.status not in (S.CONTACTED, S.ENGAGED, S.SCHEDULED) or self.is_suppressed:
            return
        self.add(steps_for(Conversation(self.lead, self.messages), CONFIG, self.planner.calendar, self.zone))

    def add(self, rows: list[dict[str, Any]]) -> None:
        known = {one.key for one in self.planned}
        for row in rows:
            if row["key"] not in known:
                number = len(self.planned) + 1
                self.planned.append(PlannedMessage(id=number, state="planned", created_at=self.now, **row))

    def apply_bookings(self) -> None:
        found = reminders.summarize(self.bookings, self.now)
        if self.lead.status in (S.HANDED_OFF, S.REJECTED):
            return
        if found.is_booked:
            self.lead.status = S.BOOKED
        elif self.lead.status is S.BOOKED:
            self.lead.status = S.SCHEDULED
        rows = reminders.plan(found, self.now) if self.lead.status in (S.BOOKED, S.SCHEDULED) else []
        waiting = [one for one in self.planned if one.state == "planned"]
        gone = set(reminders.outdated(waiting, rows))
        for one in waiting:
            if one.id in gone or (found.is_booked and one.booking_id is None):
                one.state = "cancelled"
        self.add(rows)

    def look(self) -> None:
        self.enrol()
        for _ in range(20):
            waiting = sorted(
                (one for one in self.planned if one.state == "planned"), key=lambda one: one.send_at
            )
            due = [one for one in waiting if one.send_at <= self.now]
            decision = self.planner.decide(waiting, self.situation()) if due else Decision()
            if decision.is_empty:
                assert not due
                return
            self.settle(decision)
        raise AssertionError("the planner does not come to rest")

    def settle(self, decision: Decision) -> None:
        by_id = {one.id: one for one in self.planned}
        for number in decision.cancel:
            by_id[number].state = "cancelled"
        for number, at in decision.postpone.items():
            assert at > self.now
            by_id[number].send_at = at
        if decision.cancel or decision.postpone:
            return
        if decision.close is not None:
            decision.close.state, self.lead.status = "done", S.NO_REPLY
        elif decision.send is not None:
            checked = self.planner.may_still_be_sent(decision.send, self.situation())
            assert checked is None
            decision.send.state = "done"
            self.sent.append((decision.send, self.now))
            self.messages.append(self.message(len(self.messages) + 1, "out", "follow_up", "sent"))

    def book(self, *, is_move: bool) -> None:
        current = next((one for one in self.bookings if one.state == "booked"), None)
        if is_move is (current is None):
            return
        number = len(self.bookings) + 1
        names = {"source": "c", "external_id": str(number), "state": "booked"}
        new = Booking(id=number, lead_id=1, created_at=self.now, **names)
        new.start_at, new.updated_at = self.now + timedelta(hours=30 + 7 * number), self.now
        if current is not None:
            current.state, current.moved_to, new.moved_from = "moved", new.external_id, current.external_id
        self.bookings.append(new)
        self.apply_bookings()

    def cancel(self) -> None:
        for one in self.bookings:
            if one.state == "booked":
                one.state, one.cancelled_by, one.updated_at = "cancelled", "person", self.now
        self.apply_bookings()

    def hear(self) -> None:
        self.messages.append(self.message(len(self.messages) + 1, "in", "reply", "handled"))
        self.messages.append(self.message(len(self.messages) + 1, "out", "answer", "sent"))
        if self.lead.status in (S.CONTACTED, S.NO_REPLY):
            self.lead.status = S.ENGAGED

    def happen(self, event: str) -> None:
        match event:
            case "person":
                self.hear()
            case "book" | "move":
                self.book(is_move=event == "move")
            case "cancel":
                self.cancel()
            case "takeover":
                self.lead.status = S.HANDED_OFF
            case "reject":
                if self.lead.status is not S.BOOKED:
                    self.lead.status = S.REJECTED
            case "suppress":
                self.is_suppressed = True
            case "limit":
                self.is_limited = not self.is_limited
        if event in ("takeover", "suppress") and self.stopped_at is None:
            self.stopped_at = self.now


@settings(max_examples=50, deadline=None)
@given(
    story=st.lists(st.tuples(st.sampled_from(EVENTS), st.integers(0, 60)), max_size=25),
    zone=st.sampled_from(ZONES),
    outreach=st.sampled_from([None, "09:00-20:00", "12:00-15:00", "18:00-02:00"]),
)
def test_any_story(story: list[tuple[str, int]], zone: str, outreach: str | None) -> None:
    world = World(ZoneInfo(zone), Hours.parse(outreach) if outreach else None)
    for event, hours in [*story, *[("look", 24)] * 20]:
        world.happen(event)
        world.look()
        for _ in range(hours):
            world.now += timedelta(hours=1)
            world.look()
    check(world)


def check(world: World) -> None:
    assert len({one.key for one, _ in world.sent}) == len(world.sent)
    last_word = 0
    for one, at in world.sent:
        if world.stopped_at is not None:
            assert at < world.stopped_at
        local = at.astimezone(world.zone)
        if one.kind == "follow_up":
            assert world.planner.calendar.is_open_at(at, world.zone)
            assert local.weekday() < 5
            assert local.date() != date(2026, 11, 27)
        elif at - one.created_at > timedelta(minutes=30) or one.kind.startswith("reminder"):
            assert REMINDER_HOURS.is_open_at(local)
        if one.expires_at is not None:
            assert at < one.expires_at
        last_word = max(last_word, one.after_message_id or 0)
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
