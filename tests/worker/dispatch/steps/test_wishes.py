"""What becomes of a wish: a phone call, another time for the call, another day; a voice message."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.database.models import Lead, Message
from shared.intents import Intent
from shared.statuses import LeadStatus
from tests.support.fakes import Words
from worker.dialogue import templates
from worker.dispatch.steps.reply import reply
from worker.dispatch.steps.responses import WRONG_PERSON
from worker.dispatch.steps.wishes import REASONS
from worker.domain.assistant_port import Verdict, Wish
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Outcome, QueueMessage

S = LeadStatus
# A Tuesday.
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("Europe/Moscow"))
MONDAY = datetime(2026, 11, 30, 11, 0, tzinfo=ZoneInfo("Europe/Moscow"))
LINK = "https://calendly.com/x/30min"


def row(number: int, text: str, **fields: Any) -> Message:  # noqa: ANN401
    usual = {"lead_id": 17, "direction": "in", "kind": "reply", "state": "received"}
    return Message(id=number, text=text, **usual | fields)


async def answer(
    intent: Intent,
    wish: Wish,
    status: LeadStatus = S.CONTACTED,
    *,
    hours: Hours | None = None,
    write_at: datetime | None = None,
) -> Outcome:
    lead = Lead(id=17, name="Анна", source="api", status=status, extra={})
    words = Words(verdict=Verdict(intent, "слова модели", "ru", wish=wish, write_at=write_at))
    conversation = Conversation(lead, [row(9, "Слова человека")])
    return await reply(conversation, words, booking_link=LINK, now=NOW, hours=hours)


@pytest.mark.parametrize("wish", [Wish.CALL_ME, Wish.BOOKING_TROUBLE, Wish.RESCHEDULE])
@pytest.mark.parametrize("intent", [Intent.ACCEPT, Intent.QUESTION, Intent.AMBIGUOUS])
@pytest.mark.parametrize("status", [S.CONTACTED, S.ENGAGED, S.SCHEDULED, S.BOOKED])
async def test_a_wish_that_a_colleague_grants_hands_the_lead_off(
    wish: Wish, intent: Intent, status: LeadStatus
) -> None:
    said = await answer(intent, wish, status)
    if wish is not Wish.CALL_ME and status in {S.CONTACTED, S.ENGAGED}:
        # Nothing has been booked yet.
        assert isinstance(said, QueueMessage)
        assert said.next_status is not S.HANDED_OFF
        return
    assert isinstance(said, QueueMessage)
    assert (said.next_status, said.reason) == (S.HANDED_OFF, REASONS[wish])
    assert (LINK in said.text) == (wish is Wish.RESCHEDULE)


@pytest.mark.parametrize("wish", list(Wish))
async def test_a_refusal_counts_more_than_a_wish(wish: Wish) -> None:
    said = await answer(Intent.REJECT, wish, write_at=MONDAY)
    assert isinstance(said, QueueMessage)
    assert (said.kind, said.next_status, said.follow_up_at) == ("apology", S.REJECTED, None)
    assert said.reason == (WRONG_PERSON if wish is Wish.WRONG_PERSON else None)


async def test_a_wrong_person_is_apologized_to() -> None:
    said = await answer(Intent.AMBIGUOUS, Wish.WRONG_PERSON)
    assert isinstance(said, QueueMessage)
    assert (said.text, said.next_status) == (templates.answer(Intent.REJECT, "ru"), S.REJECTED)
    asked = await answer(Intent.QUESTION, Wish.WRONG_PERSON)
    assert isinstance(asked, QueueMessage)
    assert (asked.text, asked.next_status) == ("слова модели", S.ENGAGED)


async def test_a_requested_day_is_confirmed_and_stored() -> None:
    said = await answer(Intent.ACCEPT, Wish.WRITE_LATER, write_at=MONDAY)
    assert isinstance(said, QueueMessage)
    assert (said.text, said.next_status) == (templates.follow_up_promise("ru", "30 ноября"), S.ENGAGED)
    assert said.follow_up_at == MONDAY
    # A time for the call is not a wish to be written to.
    agreed = await answer(Intent.ACCEPT, Wish.NONE, write_at=MONDAY)
    assert isinstance(agreed, QueueMessage)
    assert (agreed.kind, agreed.follow_up_at) == ("link", None)
    vague = await answer(Intent.AMBIGUOUS, Wish.WRITE_LATER)
    assert isinstance(vague, QueueMessage)
    assert (vague.kind, vague.follow_up_at) == ("clarification", None)


async def test_a_follow_up_is_within_outreach_hours_in_local_time() -> None:
    almaty = datetime(2026, 11, 30, 9, 0, tzinfo=ZoneInfo("Asia/Almaty"))
    hours = Hours.parse("12:00-18:00")
    said = await answer(Intent.AMBIGUOUS, Wish.WRITE_LATER, write_at=almaty, hours=hours)
    assert isinstance(said, QueueMessage)
    assert said.follow_up_at == almaty.replace(hour=12)


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
