"""Requests with fixed responses, independent of the model: a voice message, a call, another day."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.database.models import Lead, Message
from shared.intents import Intent
from shared.statuses import LeadStatus
from tests.support.fakes import Words
from worker.dialogue import special_requests, templates
from worker.dispatch.steps.reply import reply
from worker.domain.assistant_port import Verdict
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NothingToDo, Outcome, QueueMessage
from worker.domain.outreach_hours import Hours

S = LeadStatus
# A Tuesday.
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("Europe/Moscow"))
MONDAY = datetime(2026, 11, 30, 11, 0, tzinfo=ZoneInfo("Europe/Moscow"))
LINK = "https://calendly.com/x/30min"


def row(number: int, text: str, **fields: Any) -> Message:  # noqa: ANN401
    usual = {"lead_id": 17, "direction": "in", "kind": "reply", "state": "received"}
    return Message(id=number, text=text, **usual | fields)


async def answer(text: str, intent: Intent, status: LeadStatus = S.CONTACTED, *before: Message) -> Outcome:
    lead = Lead(id=17, name="Анна", source="api", status=status, extra={})
    words = Words(verdict=Verdict(intent, "слова модели", "ru"))
    return await reply(Conversation(lead, [*before, row(9, text)]), words, booking_link=LINK, now=NOW)


@pytest.mark.parametrize(
    ("text", "status", "reason"),
    [
        ("Позвоните мне", S.CONTACTED, special_requests.REASONS["call"]),
        ("Календарь не работает", S.SCHEDULED, special_requests.REASONS["calendar"]),
        ("Надо перенести", S.BOOKED, special_requests.REASONS["move"]),
    ],
)
async def test_a_request_for_a_human_hands_the_lead_off(text: str, status: LeadStatus, reason: str) -> None:
    said = await answer(text, Intent.ACCEPT, status)
    assert isinstance(said, QueueMessage)
    assert (said.next_status, said.reason) == (S.HANDED_OFF, reason)
    assert (LINK in said.text) == (status is S.BOOKED)


async def test_a_requested_day_is_confirmed_and_stored() -> None:
    said = await answer("Сейчас занят, напишите в понедельник", Intent.ACCEPT)
    assert isinstance(said, QueueMessage)
    assert (said.text, said.next_status) == (templates.follow_up_promise("ru", "30 ноября"), S.ENGAGED)
    assert said.follow_up_at == MONDAY
    refused = await answer("Не нужно, не пишите завтра", Intent.REJECT)
    assert isinstance(refused, QueueMessage)
    assert (refused.kind, refused.follow_up_at) == ("apology", None)


async def test_a_follow_up_is_within_outreach_hours_in_local_time() -> None:
    fields = {"phone_e164": "+77272583000", "extra": {}, "status": S.CONTACTED}
    lead = Lead(id=17, name="Анна", source="api", **fields)
    words = Words(verdict=Verdict(Intent.AMBIGUOUS, "?", "ru"))
    hours = Hours.parse("12:00-18:00")
    work = Conversation(lead, [row(9, "напишите в понедельник")])
    said = await reply(work, words, booking_link=LINK, now=NOW, hours=hours)
    assert isinstance(said, QueueMessage)
    assert said.follow_up_at == datetime(2026, 11, 30, 12, 0, tzinfo=ZoneInfo("Asia/Almaty"))


@pytest.mark.parametrize("status", sorted({S.CONTACTED, S.ENGAGED, S.SCHEDULED, S.NO_REPLY}))
async def test_a_due_follow_up_is_queued(status: LeadStatus) -> None:
    lead = Lead(id=17, name="Анна", source="api", status=status, extra={}, follow_up_at=MONDAY)
    said = await reply(Conversation(lead, []), Words(), booking_link=LINK, now=MONDAY)
    assert isinstance(said, QueueMessage)
    assert (said.kind, said.text, said.next_status) == ("follow_up", templates.follow_up("ru"), None)
    assert await reply(Conversation(lead, []), Words(), booking_link=LINK, now=NOW) == NothingToDo()


@pytest.mark.parametrize("status", [S.BOOKED, S.REJECTED])
async def test_a_decided_lead_gets_no_follow_up(status: LeadStatus) -> None:
    lead = Lead(id=17, name="Анна", source="api", status=status, extra={}, follow_up_at=MONDAY)
    assert await reply(Conversation(lead, []), Words(), booking_link=LINK, now=MONDAY) == NothingToDo()


async def test_a_voice_message_is_answered_once_with_a_request_for_text() -> None:
    words = Words()
    lead = Lead(id=17, name="Анна", source="api", status=S.CONTACTED, extra={})
    voice = row(2, "[voice message]")
    said = await reply(Conversation(lead, [voice]), words, booking_link=LINK, now=NOW)
    assert isinstance(said, QueueMessage)
    assert (said.kind, said.text, said.answers_message_ids) == (
        "clarification",
        templates.voice_not_supported("ru"),
        (2,),
    )
    assert words.conversations == []
    asked = row(3, "?", direction="out", kind="clarification", state="sent")
    again = Words(verdict=Verdict(Intent.AMBIGUOUS, "?", "ru"))
    said = await reply(Conversation(lead, [asked, row(4, voice.text)]), again, booking_link=LINK, now=NOW)
    assert isinstance(said, QueueMessage)
    assert said.next_status is S.HANDED_OFF
