"""confirm: an unconfirmed person is told nothing about the request until they say that it is theirs."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.database.models import Lead, Message
from shared.intents import Intent
from shared.statuses import REPLIED_TO, LeadStatus
from tests.support.fakes import Words
from worker.dialogue import templates
from worker.dispatch.steps.confirm import CONFIRMED, NOT_CONFIRMED, confirm
from worker.dispatch.steps.greet import MAX_UNUSABLE_TEXTS, GreetingConfig
from worker.dispatch.steps.responses import UNCLEAR_TWICE
from worker.dispatch.steps.wishes import REASONS
from worker.domain.assistant_port import (
    AssistantError,
    AssistantUnavailableError,
    Brief,
    Greeting,
    Turn,
    Usage,
    Verdict,
    Wish,
)
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NoReplyNeeded, Outcome, QueueMessage

S = LeadStatus
NOW = datetime(2026, 11, 24, 15, 0, tzinfo=ZoneInfo("Europe/Moscow"))
TIMEOUT = timedelta(minutes=10)
CONFIG = GreetingConfig("Ромашка")
SECRET = "сайт для кофейни"
QUESTION = templates.ask_again_about_request("Ромашка", "ru")
WEAK = {"strength": "weak", "field": "Контакт", "reason": "a field for any contact"}
PERSON = 6_000_000_001
# Status → the next status on accept, on reject, and on question or ambiguous; "-" means no reply.
EXPECTED: dict[LeadStatus, tuple[LeadStatus | None, LeadStatus | str | None, LeadStatus | None]] = {
    S.CONTACTED: (S.ENGAGED, S.REJECTED, S.ENGAGED),
    S.ENGAGED: (None, S.REJECTED, None),
    S.SCHEDULED: (None, S.REJECTED, None),
    S.BOOKED: (None, None, None),
    S.REJECTED: (S.ENGAGED, "-", S.ENGAGED),
    S.NO_REPLY: (S.ENGAGED, S.REJECTED, S.ENGAGED),
}


def message(number: int, direction: str, state: str, text: str, **fields: Any) -> Message:  # noqa: ANN401
    kind = "greeting" if direction == "out" else "reply"
    usual = {"id": number, "lead_id": 17, "direction": direction, "kind": kind, "created_at": NOW}
    return Message(state=state, text=text, **usual | fields)


HELLO = message(1, "out", "sent", "Здравствуйте, Анна! Вы оставляли заявку в Ромашка?")
FORM = message(2, "in", "received", "Задача: ещё и чат-бот", kind="request")


def lead_in(status: LeadStatus, **fields: Any) -> Lead:  # noqa: ANN401
    usual: dict[str, Any] = {
        "id": 17,
        "name": "Анна",
        "username": "anna_k",
        "source": "tilda",
        "status": status,
        "telegram_user_id": PERSON,
        "resolved_via": "username",
        "contact_evidence": {"username": WEAK},
        "extra": {"Задача": SECRET},
    }
    return Lead(**usual | fields)


def heard(*texts: str) -> list[Message]:
    return [HELLO, *(message(number, "in", "received", text) for number, text in enumerate(texts, 3))]


async def answer(
    words: Words,
    messages: Sequence[Message],
    status: LeadStatus = S.CONTACTED,
    *,
    at: datetime = NOW,
    config: GreetingConfig = CONFIG,
    **fields: Any,  # noqa: ANN401
) -> Outcome:
    conversation = Conversation(lead_in(status, **fields), messages)
    assert conversation.is_unconfirmed
    return await confirm(conversation, words, config, now=at, model_timeout=TIMEOUT)


def says(intent: Intent, text: str = "Слова", **fields: Any) -> Words:  # noqa: ANN401
    return Words(verdict=Verdict(intent, text, "ru", **fields))


def test_every_status_is_in_the_table() -> None:
    assert set(EXPECTED) == REPLIED_TO


@pytest.mark.parametrize("status", EXPECTED)
@pytest.mark.parametrize("intent", Intent)
async def test_every_intent_in_every_status(status: LeadStatus, intent: Intent) -> None:
    words = says(intent)
    outcome = await answer(words, heard("Здравствуйте", "Что-то"), status)
    accept, reject, talk = EXPECTED[status]
    becomes = {Intent.ACCEPT: accept, Intent.REJECT: reject}.get(intent, talk)
    if becomes == "-":
        assert outcome == NoReplyNeeded((3, 4), intent)
        return
    kind, text, reason, key = {
        Intent.ACCEPT: ("answer", str(words.hello), CONFIRMED, f"17:confirmed:{PERSON}:1"),
        Intent.REJECT: ("apology", "Слова", NOT_CONFIRMED, "17:reply:4"),
        Intent.QUESTION: ("answer", f"Слова\n\n{QUESTION}", None, "17:reply:4"),
        Intent.AMBIGUOUS: ("clarification", QUESTION, None, "17:reply:4"),
    }[intent]
    expected = QueueMessage(kind, key, text, becomes, (3, 4), intent, reason=reason)
    assert outcome == expected
    # Only after the confirmation the model is told what the request is.
    told = [Brief("Анна", {}, NOW, is_unconfirmed=True)]
    if intent is Intent.ACCEPT:
        told.append(Brief("Анна", {"Задача": SECRET}, NOW, confirmation="Здравствуйте\nЧто-то"))
    assert words.briefs == told


async def test_a_confirmed_person_is_answered_as_usual() -> None:
    for state, is_confirmed in (("queued", True), ("sent", True), ("draft", False), ("failed", False)):
        greeted = message(4, "out", state, "Пишу по заявке", kind="answer", key=f"17:confirmed:{PERSON}:1")
        messages = [*heard("да")[:1], greeted]
        assert Conversation(lead_in(S.ENGAGED), messages).is_unconfirmed is not is_confirmed
    # The lead was found again as another person, who has confirmed nothing.
    other = lead_in(S.ENGAGED, telegram_user_id=PERSON + 1)
    sent = greeted.model_copy(update={"state": "sent"})
    assert Conversation(other, [sent]).is_unconfirmed


async def test_a_second_greeting_has_its_own_key() -> None:
    cancelled = message(2, "out", "cancelled", "Черновик", kind="answer", key=f"17:confirmed:{PERSON}:1")
    outcome = await answer(says(Intent.ACCEPT), [cancelled, *heard("да")])
    assert isinstance(outcome, QueueMessage)
    assert outcome.key == f"17:confirmed:{PERSON}:2"


async def test_the_cost_of_both_calls_is_stored() -> None:
    class Counting(Words):
        async def greeting(self, brief: Brief) -> Greeting:
            self.briefs.append(brief)
            return Greeting("Привет", Usage("m", 1, 10, None, 5, 0.25), refused="it contains a link")

    verdict = Verdict(Intent.ACCEPT, "Да", "ru", confidence=0.9, usage=Usage("m", 2, 3, 1, 4, 0.5))
    outcome = await answer(Counting(verdict=verdict), heard("да"))
    assert isinstance(outcome, QueueMessage)
    assert isinstance(outcome.source, Verdict)
    assert outcome.source.usage == Usage("m", 3, 13, None, 9, 0.75)
    assert (outcome.source.confidence, outcome.source.refused) == (0.9, "it contains a link")


async def test_a_later_form_waits_for_the_confirmation() -> None:
    words = says(Intent.ACCEPT)
    assert await answer(words, [HELLO, FORM]) == NoReplyNeeded((2,), Intent.QUESTION)
    assert words.briefs == []
    outcome = await answer(words, [HELLO, FORM, *heard("да")[1:]])
    assert isinstance(outcome, QueueMessage)
    assert outcome.answers_message_ids == (2, 3)
    assert words.conversations == [[Turn(from_us=True, text=HELLO.text), Turn(from_us=False, text="да")]]
    assert [brief.later_requests for brief in words.briefs] == [(), (FORM.text,)]
    handled = FORM.model_copy(update={"state": "handled"})
    await answer(words, [HELLO, handled, *heard("да")[1:]])
    assert words.briefs[-1].later_requests == (FORM.text,)


async def test_a_contact_is_asked_to_clarify_only_once() -> None:
    asked = message(4, "out", "sent", QUESTION, kind="clarification")
    unclear = message(5, "in", "received", "хм")
    messages = [HELLO, message(3, "in", "handled", "хм"), asked, unclear]
    outcome = await answer(says(Intent.AMBIGUOUS), messages, S.ENGAGED)
    assert isinstance(outcome, QueueMessage)
    assert (outcome.text, outcome.next_status) == (templates.handoff_notice("ru"), S.HANDED_OFF)
    assert outcome.reason == UNCLEAR_TWICE


async def test_a_voice_message_is_asked_for_in_writing() -> None:
    words = says(Intent.ACCEPT)
    outcome = await answer(words, heard("[voice message]"))
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.text) == ("clarification", templates.voice_not_supported("ru"))
    assert words.briefs == []


@pytest.mark.parametrize("intent", [Intent.ACCEPT, Intent.QUESTION])
async def test_a_verdict_that_needs_a_human_hands_the_lead_off(intent: Intent) -> None:
    words = says(intent, "Передам коллеге", needs_human="сердится")
    outcome = await answer(words, heard("Позовите человека"))
    assert isinstance(outcome, QueueMessage)
    fixed = templates.handoff_notice("ru")
    assert (outcome.kind, outcome.text, outcome.next_status) == ("answer", fixed, S.HANDED_OFF)
    assert not outcome.key.startswith("17:confirmed")


async def test_a_wish_to_be_called_goes_to_a_human() -> None:
    outcome = await answer(says(Intent.ACCEPT, wish=Wish.CALL_ME), heard("Перезвоните мне"))
    assert isinstance(outcome, QueueMessage)
    assert outcome.text == templates.special_request("call", "ru")
    assert (outcome.next_status, outcome.reason) == (S.HANDED_OFF, REASONS[Wish.CALL_ME])


async def test_an_opt_out_is_a_refusal() -> None:
    words = says(Intent.QUESTION, do_not_contact=True)
    outcome = await answer(words, heard("Кто вы? Не пишите мне больше"))
    assert isinstance(outcome, QueueMessage)
    assert (outcome.kind, outcome.intent, outcome.do_not_contact) == (*("apology", Intent.REJECT, True),)
    assert outcome.reason == NOT_CONFIRMED


@pytest.mark.parametrize(("intent", "confirms"), [(Intent.ACCEPT, True), (Intent.AMBIGUOUS, False)])
async def test_a_follow_up_is_promised(intent: Intent, confirms: bool) -> None:
    tomorrow = NOW + timedelta(days=1)
    words = says(intent, wish=Wish.WRITE_LATER, write_at=tomorrow)
    outcome = await answer(words, heard("Занят, напишите завтра"))
    assert isinstance(outcome, QueueMessage)
    assert outcome.text == templates.follow_up_promise("ru", "25 ноября")
    assert outcome.key.startswith("17:confirmed") is confirms
    assert outcome.follow_up_at == tomorrow


async def test_a_model_that_writes_no_greeting_is_replaced_by_the_template() -> None:
    template = templates.greeting(Brief("Анна", {"Задача": SECRET}), "Ромашка")

    async def greeted(error: AssistantError, **more: Any) -> Outcome:  # noqa: ANN401
        words = says(Intent.ACCEPT)
        words.hello = error
        return await answer(words, heard("да"), **more)

    away, unusable = AssistantUnavailableError("нет связи"), AssistantError("пусто")
    with pytest.raises(AssistantUnavailableError):
        await greeted(away, attempts=100)
    with pytest.raises(AssistantError):
        await greeted(unusable, attempts=0, at=NOW + TIMEOUT)
    for outcome in (
        await greeted(away, attempts=0, at=NOW + TIMEOUT),
        await greeted(unusable, attempts=MAX_UNUSABLE_TEXTS),
        await answer(says(Intent.ACCEPT), heard("да"), config=GreetingConfig("Ромашка", by_model=False)),
    ):
        assert isinstance(outcome, QueueMessage)
        assert (outcome.text, outcome.kind, outcome.next_status) == (template, "answer", S.ENGAGED)


@pytest.mark.parametrize("intent", Intent)
async def test_nothing_names_the_request_before_the_confirmation(intent: Intent) -> None:
    """The model is not told the request, so that it cannot name it, whatever it concludes."""
    words = says(intent)
    await answer(words, [HELLO, FORM, *heard("Что за заявка?")[1:]])
    told = repr((words.briefs[0], words.conversations[0]))
    assert SECRET not in told
    assert "чат-бот" not in told
