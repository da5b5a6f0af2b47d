"""What is written without an answer: requested times, follow-ups, reminders; the texts and the decisions."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.database.models import Booking, Lead, Message, PlannedMessage
from shared.statuses import LeadStatus
from tests.support.fakes import Words
from worker.dialogue import booking_texts, templates
from worker.dispatch.steps.planned import PlanConfig, write_planned
from worker.domain.assistant_port import AssistantError
from worker.domain.config.follow_up_config import FollowUpConfig
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NothingToDo, Outcome, PlanChanged, QueueMessage
from worker.follow_ups.decisions import planner_of

S = LeadStatus
MOSCOW = ZoneInfo("Europe/Moscow")
# A Tuesday.
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=MOSCOW)
LINK = "https://calendly.com/x/30min?utm_content=t"
CONFIG = PlanConfig(planner_of(FollowUpConfig()), follow_ups_on=True, company="Ромашка")
MEETING = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def planned(kind: str, **fields: Any) -> PlannedMessage:  # noqa: ANN401
    usual: dict[str, Any] = {"id": 5, "lead_id": 17, "key": kind, "state": "planned", "created_at": NOW}
    return PlannedMessage(kind=kind, **usual | {"send_at": NOW} | fields)


def message(number: int, text: str, *, ours: bool, at: datetime) -> Message:
    sides: dict[str, Any] = {"direction": "in", "kind": "reply", "state": "handled"}
    if ours:
        sides = {"direction": "out", "kind": "greeting", "state": "sent", "sent_at": at}
    return Message(id=number, lead_id=17, text=text, created_at=at, **sides)


EARLIER = NOW - timedelta(days=3)
GREETING = message(1, "Здравствуйте! Удобно ли созвониться?", ours=True, at=EARLIER)


async def outcome_of(
    status: LeadStatus,
    *rows: PlannedMessage,
    messages: tuple[Message, ...] = (GREETING,),
    booking: Booking | None = None,
    now: datetime = NOW,
    words: Words | None = None,
    **fields: Any,  # noqa: ANN401
) -> Outcome:
    lead = Lead(
        id=17,
        **fields,
        name="Анна",
        source="api",
        status=status,
        extra={},
        follow_up_at=rows[0].send_at if rows else None,
    )
    bookings = {booking.id: booking} if booking else {}
    conversation = Conversation(lead, messages, planned=rows, bookings=bookings)
    return await write_planned(conversation, words or Words(), CONFIG, now=now, link=LINK)


def text_of(outcome: Outcome) -> str:
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.key, outcome.planned_id, outcome.next_status) == (
        *("follow_up", "17:planned:5", 5, None),
    )
    return outcome.text


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("requested", templates.follow_up_unconfirmed("Ромашка", "ru")),
        ("follow_up", templates.ask_again_about_request("Ромашка", "ru")),
    ],
)
async def test_an_unconfirmed_person_is_told_nothing_of_the_request(kind: str, text: str) -> None:
    weak = {"username": {"field": "ник", "strength": "weak", "reason": "a field for usernames"}}
    found = {"username": "anna_k", "resolved_via": "username", "contact_evidence": weak}
    words = Words()
    outcome = await outcome_of(S.CONTACTED, planned(kind, step=1), words=words, **found)
    assert text_of(outcome) == text
    assert words.briefs == []


async def test_an_unconfirmed_person_gets_no_meeting_of_somebody_else() -> None:
    weak = {"username": {"field": "ник", "strength": "weak", "reason": "a field for usernames"}}
    found = {"username": "anna_k", "resolved_via": "username", "contact_evidence": weak}
    meeting = Booking(id=3, lead_id=17, source="calendly", external_id="a", state="booked", start_at=MEETING)
    outcome = await outcome_of(S.BOOKED, planned("confirmation", booking_id=3), booking=meeting, **found)
    assert isinstance(outcome, PlanChanged)
    assert list(outcome.cancel) == [5]


async def test_a_requested_message_that_an_earlier_version_has_sent_is_not_repeated() -> None:
    sent = message(2, "Здравствуйте! Вы просили написать сегодня.", ours=True, at=NOW + timedelta(minutes=1))
    later = NOW + timedelta(minutes=5)
    outcome = await outcome_of(S.ENGAGED, planned("requested"), messages=(GREETING, sent), now=later)
    assert isinstance(outcome, PlanChanged)
    assert list(outcome.cancel) == [5]


@pytest.mark.parametrize("status", sorted({S.CONTACTED, S.ENGAGED, S.SCHEDULED, S.NO_REPLY}))
async def test_a_requested_time_is_kept(status: LeadStatus) -> None:
    assert text_of(await outcome_of(status, planned("requested"))) == templates.follow_up("ru")
    assert await outcome_of(status, planned("requested", send_at=NOW + timedelta(hours=1))) == NothingToDo()
    assert await outcome_of(status) == NothingToDo()


async def test_a_decided_lead_gets_nothing() -> None:
    ended = await outcome_of(S.REJECTED, planned("requested"))
    assert ended == PlanChanged({5: "the lead is rejected"})


async def test_the_model_writes_a_follow_up_and_a_fixed_text_takes_its_place() -> None:
    said = text_of(await outcome_of(S.CONTACTED, planned("follow_up", step=0)))
    assert said == booking_texts.follow_up("ru", step=0, has_answered=False, has_link=False)
    assert "http" not in said

    class Silent(Words):
        async def follow_up(self, *_: object, **__: object) -> Any:  # noqa: ANN401
            raise AssistantError("no answer")

    said = text_of(await outcome_of(S.SCHEDULED, planned("follow_up", step=1, text="Своё"), words=Silent()))
    assert said == "Своё"


async def test_the_end_of_the_follow_ups_closes_the_lead() -> None:
    assert await outcome_of(S.CONTACTED, planned("close")) == PlanChanged(closes=5)
    # The last step has not been sent yet: the person gets a day for it.
    waits = await outcome_of(
        S.CONTACTED, planned("close"), planned("follow_up", id=6, send_at=NOW + timedelta(1))
    )
    assert isinstance(waits, PlanChanged)
    assert waits.closes is None
    assert waits.postpone[5] >= NOW + timedelta(days=1, hours=20)


def booking(**fields: Any) -> Booking:  # noqa: ANN401
    usual: dict[str, Any] = {
        "id": 3,
        "lead_id": 17,
        "source": "calendly",
        "external_id": "u",
        "state": "booked",
    }
    times = {"start_at": MEETING, "created_at": NOW, "timezone": "Asia/Yekaterinburg"}
    links = {"url": "https://zoom.us/j/1", "reschedule_url": "https://calendly.com/reschedulings/1"}
    return Booking(**usual | times | links | fields)


async def test_a_confirmation_names_the_time_of_the_person_and_how_to_move_it() -> None:
    said = text_of(await outcome_of(S.BOOKED, planned("confirmation", booking_id=3), booking=booking()))
    assert said == (
        "Вы записаны на звонок: пятница, 27 ноября, 17:00 (по вашему времени).\n"
        "Ссылка на встречу: https://zoom.us/j/1\n"
        "Если планы изменятся, время можно перенести: https://calendly.com/reschedulings/1"
    )
    moved = booking(moved_from="earlier", timezone=None, reschedule_url=None)
    said = text_of(await outcome_of(S.BOOKED, planned("confirmation", booking_id=3), booking=moved))
    assert said.startswith("Перенесли, новое время: пятница, 27 ноября, 15:00 (по московскому времени).")
    assert said.endswith("напишите сюда — перенесём.")


@pytest.mark.parametrize(
    ("source", "moved_from", "mover", "name", "step"),
    [
        ("human", None, None, "b", None),
        ("calendly", "a", "host", "b", None),
        # Cal.com has not said who moved it; it kept its uid; a guest has not booked it.
        ("calcom", "a", None, "b", None),
        ("calcom", None, None, "b", 1),
        ("calcom", None, None, "b/guest@example.com", None),
    ],
)
async def test_a_time_that_may_be_ours_is_not_confirmed_at_night(
    source: str, moved_from: str | None, mover: str | None, name: str, step: int | None
) -> None:
    night = NOW.replace(hour=23)
    names = {"lead_id": 17, "start_at": MEETING, "source": source}
    booking = Booking(id=3, external_id=name, moved_from=moved_from, **names)
    before = Booking(id=2, external_id="a", state="moved", moved_to="b", cancelled_by=mover, **names)
    row = planned("confirmation", booking_id=3, created_at=night, send_at=night, step=step)
    lead = {"status": S.BOOKED, "follow_up_at": night, "extra": {}}
    told = Conversation(
        Lead(id=17, name="Анна", source="api", **lead),
        (GREETING,),
        planned=[row],
        bookings={3: booking, 2: before} if moved_from else {3: booking},
    )
    outcome = await write_planned(told, Words(), CONFIG, now=night, link=LINK)
    assert isinstance(outcome, PlanChanged)
    assert outcome.postpone[5].astimezone(MOSCOW) == (NOW + timedelta(days=1)).replace(hour=8)
    # It is certain that the person has booked or moved it: they are told at once.
    before.cancelled_by, row.step, booking.token = "person", None, "own"
    before.source = booking.source = "calcom"
    assert isinstance(await write_planned(told, Words(), CONFIG, now=night, link=LINK), QueueMessage)


async def test_reminders_come_a_day_and_an_hour_before() -> None:
    day = planned("reminder_day", booking_id=3, send_at=MEETING - timedelta(days=1))
    said = text_of(await outcome_of(S.BOOKED, day, booking=booking(), now=MEETING - timedelta(days=1)))
    assert said.startswith("Напоминаем о звонке: завтра, пятница, 27 ноября, 17:00 (по вашему времени).")
    hour = planned("reminder_hour", booking_id=3, send_at=MEETING - timedelta(hours=1))
    said = text_of(await outcome_of(S.BOOKED, hour, booking=booking(), now=MEETING - timedelta(hours=1)))
    assert said.splitlines()[0].startswith("Напоминаем о звонке: сегодня")
    assert said.splitlines()[1:] == ["Ссылка на встречу: https://zoom.us/j/1"]


async def test_a_cancel_and_a_no_show_are_answered_with_the_link() -> None:
    said = text_of(await outcome_of(S.SCHEDULED, planned("cancellation", booking_id=3), booking=booking()))
    assert said == booking_texts.cancellation("ru", LINK)
    said = text_of(await outcome_of(S.BOOKED, planned("no_show", booking_id=3), booking=booking()))
    assert said.endswith(f"\n{LINK}")
