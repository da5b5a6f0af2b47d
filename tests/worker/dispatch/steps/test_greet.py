"""greet: the first message is composed once, and a fallback text exists if the model fails."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.database.models import Lead, Message
from shared.statuses import LeadStatus
from tests.support.fakes import Words
from worker.dialogue import templates
from worker.dialogue.persona import Persona
from worker.dispatch.steps.greet import MAX_UNUSABLE_TEXTS, GreetingConfig, greet
from worker.domain.assistant_port import (
    AssistantError,
    AssistantPausedError,
    AssistantUnavailableError,
    Brief,
)
from worker.domain.conversation import Conversation
from worker.domain.outcomes import ChangeStatus, Outcome, QueueMessage

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MODEL_TIMEOUT = timedelta(minutes=10)
TEMPLATE = templates.greeting(Brief("Анна"), "Ромашка")
AWAY = AssistantUnavailableError("нет связи")
PAUSED = AssistantPausedError("нет денег", MODEL_TIMEOUT)
UNUSABLE = AssistantError("пусто")


def earlier(state: str, text: str = "Раньше") -> Message:
    return Message(lead_id=1, direction="out", kind="greeting", state=state, text=text, random_id=1)


async def compose(
    words: Words,
    *messages: Message,
    at: timedelta = timedelta(),
    **fields: Any,  # noqa: ANN401
) -> Outcome:
    usual: dict[str, Any] = {
        "id": 17,
        "name": "Анна",
        "source": "api",
        "extra": {},
        "attempts": 0,
        "updated_at": NOW,
    }
    conversation = Conversation(Lead(**usual | fields), messages)
    return await greet(
        conversation, words, GreetingConfig("Ромашка"), now=NOW + at, zone=UTC, model_timeout=MODEL_TIMEOUT
    )


def said(text: str, number: int = 1) -> QueueMessage:
    return QueueMessage("greeting", f"17:greeting:{number}", text, next_status=LeadStatus.CONTACTED)


async def test_the_greeting_is_the_text_of_the_model() -> None:
    words = Words()
    assert await compose(words, extra={"Задача": "сайт"}) == said(str(words.hello))
    assert words.briefs == [Brief("Анна", {"Задача": "сайт"}, NOW)]


@pytest.mark.parametrize("state", ["failed", "cancelled"])
async def test_an_undelivered_greeting_is_reused(state: str) -> None:
    words = Words()
    assert await compose(words, earlier("failed", "Первое"), earlier(state)) == said("Раньше", 3)
    assert words.briefs == []


async def test_a_greeted_lead_is_not_greeted_again() -> None:
    words = Words()
    outcome = await compose(words, earlier("failed"), earlier("sent"))
    assert outcome == ChangeStatus(LeadStatus.CONTACTED, "was greeted before")
    assert words.briefs == []


@pytest.mark.parametrize("error", [AWAY, PAUSED])
async def test_an_unavailable_model_is_waited_for_until_the_timeout(error: Exception) -> None:
    words = Words(hello=error)
    with pytest.raises(type(error)):
        await compose(words, at=MODEL_TIMEOUT - timedelta(seconds=1), attempts=100)
    assert await compose(words, at=MODEL_TIMEOUT) == said(TEMPLATE)


async def test_after_two_unusable_texts_a_template_is_used() -> None:
    words = Words(hello=UNUSABLE)
    for attempts in range(MAX_UNUSABLE_TEXTS):
        with pytest.raises(AssistantError):
            await compose(words, at=MODEL_TIMEOUT * 2, attempts=attempts)
    assert await compose(words, attempts=MAX_UNUSABLE_TEXTS) == said(TEMPLATE)


def later_form(number: int = 9) -> Message:
    return Message(id=number, lead_id=17, direction="in", kind="request", state="received", text="Ещё бот")


async def test_a_greeting_covers_later_forms() -> None:
    words = Words()
    outcome = await compose(words, later_form())
    assert isinstance(outcome, QueueMessage)
    assert outcome.answers_message_ids == (9,)
    assert [brief.later_requests for brief in words.briefs] == [("Ещё бот",)]


@pytest.mark.parametrize(("words", "before"), [(Words(hello=UNUSABLE), ()), (Words(), (earlier("failed"),))])
async def test_later_forms_are_answered_after_a_template_greeting(
    words: Words, before: tuple[Message, ...]
) -> None:
    outcome = await compose(words, *before, later_form(), attempts=MAX_UNUSABLE_TEXTS)
    assert isinstance(outcome, QueueMessage)
    assert outcome.answers_message_ids == ()


async def test_the_template_of_the_owner_needs_no_model() -> None:
    persona = Persona(greeting="Здравствуйте, {name}! Это {company}.", signature="Мария")
    config = GreetingConfig("Ромашка", persona, by_model=False)
    words, lead = Words(), Lead(id=17, name="Анна", source="api", extra={}, attempts=0, updated_at=NOW)
    outcome = await greet(
        Conversation(lead, ()), words, config, now=NOW, zone=UTC, model_timeout=MODEL_TIMEOUT
    )
    assert isinstance(outcome, QueueMessage)
    assert outcome.text == "Здравствуйте, Анна! Это Ромашка.\n\nМария"
    assert words.briefs == []


WEAK = {"strength": "weak", "field": "Контакт", "reason": "a field for any contact"}
UNCONFIRMED: dict[str, Any] = {
    "username": "anna_k",
    "resolved_via": "username",
    "contact_evidence": {"username": WEAK},
    "extra": {"Задача": "сайт"},
}
NEUTRAL = "Здравствуйте, Анна! Вы оставляли заявку в Ромашка?"


def neutral(text: str, number: int = 1) -> QueueMessage:
    key = f"17:greeting:{number}:neutral"
    return QueueMessage("greeting", key, text, next_status=LeadStatus.CONTACTED)


async def test_weak_evidence_gets_a_question_that_tells_nothing() -> None:
    words = Words()
    assert await compose(words, later_form(), **UNCONFIRMED) == neutral(NEUTRAL)
    assert await compose(words, **UNCONFIRMED | {"name": "+7 916 123-45-67"}) == neutral(
        "Здравствуйте! Вы оставляли заявку в Ромашка?"
    )
    english = {"name": "John", "extra": {"Comments": "We need a website"}}
    assert await compose(words, **UNCONFIRMED | english) == neutral(
        "Hello, John! Did you leave a request with Ромашка?"
    )
    assert words.briefs == []


@pytest.mark.parametrize("evidence", [{}, {"phone": WEAK}, {"username": {**WEAK, "strength": "strong"}}])
async def test_other_evidence_gets_the_usual_greeting(evidence: dict[str, Any]) -> None:
    words = Words()
    assert await compose(words, **UNCONFIRMED | {"contact_evidence": evidence}) == said(str(words.hello))


async def test_a_text_that_names_the_request_is_not_reused_for_weak_evidence() -> None:
    words = Words()
    assert await compose(words, earlier("failed", "Пишу по заявке на сайт"), **UNCONFIRMED) == neutral(
        NEUTRAL, 2
    )


async def test_a_neutral_text_is_not_reused_for_strong_evidence() -> None:
    words = Words()
    before = earlier("failed", NEUTRAL).model_copy(update={"key": "17:greeting:1:neutral"})
    assert await compose(words, before) == said(str(words.hello), 2)


async def test_the_neutral_greeting_has_the_signature() -> None:
    config = GreetingConfig("Ромашка", Persona(greeting="Привет! {request}", signature="Мария"))
    lead = Lead(id=17, name="Анна", source="api", attempts=0, updated_at=NOW, **UNCONFIRMED)
    outcome = await greet(
        Conversation(lead, ()), Words(), config, now=NOW, zone=UTC, model_timeout=MODEL_TIMEOUT
    )
    assert outcome == neutral(f"{NEUTRAL}\n\nМария")
