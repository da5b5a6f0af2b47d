"""One lead in a simulated world: the events that may happen, and what the planner makes of them."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from shared.bookings import reminders
from shared.bookings.reminders import BOOKING_CHANGED, History
from shared.database.models import Booking, Lead, Message, PlannedMessage
from shared.leads.plans import TAKEN_OVER
from shared.statuses import LeadStatus
from tests.worker.follow_ups.account import Account
from worker.domain.config.follow_up_config import FollowUpConfig
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.follow_ups.decisions import Decision, Situation, needs_slot, planner_of
from worker.follow_ups.enrolment import steps_for

S = LeadStatus
BEGAN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
ZONES = ("Europe/Moscow", "Asia/Kamchatka", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia")
CONFIG = FollowUpConfig(days_off=["01-01", "01-07", "2026-11-27"])
# What may happen, with the hours until the next event. `shift` is a move to another time of the same booking,
# `outage`: the worker does not run until the next event, `greet`: others get all first messages of the day.
EVENTS = (
    *("look", "look", "look", "person", "book", "cancel", "move", "shift", "shift_back"),
    *("takeover", "return", "reject", "suppress", "limit", "outage", "outage", "greet", "greet"),
)


class World:
    """One lead, as the worker would treat it: enrolled, looked at, written to, answered."""

    def __init__(self, zone: tzinfo, outreach: Hours | None, account: Account | None = None) -> None:
        self.account = account
        # When strangers were written to: first messages of others, and follow-ups to a person who has never
        # answered.
        self.to_strangers: list[datetime] = []
        self.zone = zone
        self.planner = planner_of(CONFIG, outreach)
        self.outreach = outreach
        self.now = BEGAN
        self.lead = Lead(id=1, name="Анна", source="api", status=S.CONTACTED, extra={})
        self.messages = [self.message(1, "out", "greeting", "sent")]
        self.planned: list[PlannedMessage] = []
        self.bookings: list[Booking] = []
        self.sent: list[tuple[PlannedMessage, datetime]] = []
        # The newest word of the person, and the time of the meeting, at each of them.
        self.known_at: list[tuple[int, datetime | None]] = []
        # How many messages were sent before each stop, and when it ended.
        self.stops: list[tuple[int, datetime]] = []
        self.histories: dict[int, History] = {}
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

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
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
        may_write = self.lead.status in (S.BOOKED, S.SCHEDULED)
        rows = reminders.plan(found, self.histories, self.now) if may_write else []
        waiting = [one for one in self.planned if one.state == "planned"]
        gone = set(reminders.outdated(waiting, rows))
        for one in waiting:
            if one.id in gone or (found.is_booked and one.booking_id is None):
                one.state, one.reason = "cancelled", BOOKING_CHANGED
        self.add(reminders.missing(rows, [one for one in self.planned if one.booking_id], ()))

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
            if not self.settle(decision):
                return
        raise AssertionError("the planner does not come to rest")

    def settle(self, decision: Decision) -> bool:
        """Do what was decided; returns False if a message waits for a slot."""
        by_id = {one.id: one for one in self.planned}
        for number, reason in decision.cancel.items():
            by_id[number].state, by_id[number].reason = "cancelled", reason
        for number, at in decision.postpone.items():
            assert at > self.now
            by_id[number].send_at = at
        if decision.cancel or decision.postpone:
            return True
        if decision.close is not None:
            decision.close.state, self.lead.status = "done", S.NO_REPLY
        elif decision.send is not None:
            checked = self.planner.may_still_be_sent(decision.send, self.situation())
            assert checked is None
            newest_word = self.situation().newest_word
            if needs_slot(decision.send, newest_word) and not self.take_slot(hot=False):
                return False
            if decision.send.kind == "follow_up" and not newest_word:
                self.to_strangers.append(self.now)
            decision.send.state = "done"
            self.sent.append((decision.send, self.now))
            meeting = next((one.start_at for one in self.bookings if one.state == "booked"), None)
            self.known_at.append((self.situation().newest_word, meeting))
            self.messages.append(self.message(len(self.messages) + 1, "out", "follow_up", "sent"))
        return True

    def take_slot(self, *, hot: bool) -> bool:
        return self.account is None or self.account.take_slot(self.now, hot=hot)

    def greet(self) -> None:
        while self.account is not None and self.take_slot(hot=True):
            self.to_strangers.append(self.now)

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
        self.histories[number] = History(booked_at=self.now)
        self.apply_bookings()

    def shift(self, by: timedelta) -> None:
        """Another time for the same booking, as other schedulers report it."""
        for one in self.bookings:
            if one.state == "booked" and one.start_at is not None:
                one.start_at += by
                moves = self.histories[one.id].moves + 1
                self.histories[one.id] = History(booked_at=self.now, moves=moves)
        self.apply_bookings()

    def take_over(self) -> None:
        if self.lead.status not in (S.HANDED_OFF, S.REJECTED):
            self.before, self.lead.status = self.lead.status, S.HANDED_OFF
            self.stops.append((len(self.sent), datetime.max.replace(tzinfo=UTC)))
            for one in self.planned:
                if one.state == "planned":
                    one.state, one.reason = "cancelled", TAKEN_OVER

    def give_back(self) -> None:
        if self.lead.status is S.HANDED_OFF:
            self.lead.status = self.before
            self.stops[-1] = (self.stops[-1][0], self.now)
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

    def suppress(self) -> None:
        self.is_suppressed = True
        self.stops.append((len(self.sent), datetime.max.replace(tzinfo=UTC)))

    def reject(self) -> None:
        if self.lead.status not in (S.BOOKED, S.HANDED_OFF):
            self.lead.status = S.REJECTED

    def limit(self) -> None:
        self.is_limited = not self.is_limited

    def happen(self, event: str) -> None:
        happens = {
            "person": self.hear,
            "book": lambda: self.book(is_move=False),
            "move": lambda: self.book(is_move=True),
            "cancel": self.cancel,
            "shift": lambda: self.shift(timedelta(hours=5)),
            "shift_back": lambda: self.shift(timedelta(hours=-5)),
            "takeover": self.take_over,
            "return": self.give_back,
            "reject": self.reject,
            "suppress": self.suppress,
            "limit": self.limit,
            "greet": self.greet,
        }
        # `look` and `outage` only let time pass.
        happens.get(event, lambda: None)()
