"""Careful mode over the wires, with the sandbox's bad small model: evidence for decisions, fixed texts."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from sandbox.fake_openai.faults import Obey
from shared.intents import Intent
from tests.worker.assistant.conftest import Server
from worker.assistant.assistant import ModelAssistant
from worker.assistant.trust import BAR, Trust
from worker.dialogue import templates
from worker.domain.assistant_port import Brief, Turn, Verdict, Wish
from worker.domain.conversation import tag_new_request

ANNA = Brief("Анна", {"Комментарий": "Нужен сайт для кофейни"})
HELLO = Turn(from_us=True, text="Здравствуйте, Анна! Удобно ли вам созвониться?")
FACT = "Мобильные приложения для iOS и Android."


@pytest.fixture
async def small(server: Server) -> AsyncIterator[Server]:
    """The server with the bad small model."""
    server.state.small = True
    yield server
    server.state.small = False


@pytest.fixture
async def careful(make: Callable[..., Any]) -> ModelAssistant:
    """An assistant in careful mode."""
    created: ModelAssistant = await make(trust=Trust("careful"))
    return created


@pytest.fixture
async def free(make: Callable[..., Any]) -> ModelAssistant:
    """An assistant that lets the model decide."""
    created: ModelAssistant = await make()
    return created


async def said(assistant: ModelAssistant, text: str) -> Verdict:
    return await assistant.reply(ANNA, [HELLO, Turn(from_us=False, text=text)])


@pytest.mark.parametrize("text", ["сек", "алло", "С Битриксом работаете?"])
async def test_no_yes_without_a_word_of_consent(
    small: Server, careful: ModelAssistant, free: ModelAssistant, text: str
) -> None:
    assert (await said(free, text)).intent is Intent.ACCEPT
    verdict = await said(careful, text)
    assert verdict.intent in {Intent.AMBIGUOUS, Intent.QUESTION}
    assert verdict.text == templates.answer(verdict.intent, "ru")


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("Да, давайте", Intent.ACCEPT),
        ("Спасибо, уже не актуально", Intent.REJECT),
        ("хм", Intent.AMBIGUOUS),
        ("А сколько стоит сайт?", Intent.QUESTION),
    ],
)
async def test_a_decision_with_evidence_has_a_fixed_text(
    small: Server, careful: ModelAssistant, text: str, intent: Intent
) -> None:
    verdict = await said(careful, text)
    assert (verdict.intent, verdict.text) == (intent, templates.answer(intent, "ru"))
    # The guardrails may refuse the model's text; it is not asked for another one.
    assert small.call_count == 1


async def test_an_opt_out_is_granted_in_words_that_say_so(small: Server, careful: ModelAssistant) -> None:
    verdict = await said(careful, "Отпишите меня")
    assert verdict.do_not_contact
    assert verdict.text == templates.answer(Intent.REJECT, "ru")
    small.state.faults.add(Obey(fields={"intent": "accept"}))
    assert (await said(careful, "Отпишите меня")).do_not_contact


async def test_a_thumbs_down_is_no_opt_out(
    small: Server, careful: ModelAssistant, free: ModelAssistant
) -> None:
    reaction = "[reaction 👎 to “Удобно ли вам созвониться?”]"
    assert (await said(free, reaction)).do_not_contact
    verdict = await said(careful, reaction)
    assert (verdict.intent, verdict.do_not_contact) == (Intent.REJECT, False)


async def test_a_human_is_called_in_fixed_words_and_only_on_request(
    small: Server, careful: ModelAssistant
) -> None:
    asked = await said(careful, "Позовите живого человека")
    assert asked.needs_human is not None
    assert asked.text == templates.handoff_notice("ru")
    small.state.faults.add(Obey(fields={"needs_human": True, "wish": "human"}))
    assert (await said(careful, "может быть")).needs_human is None


@pytest.mark.parametrize("wish", [wish for wish in Wish if wish is not Wish.NONE])
async def test_a_wish_needs_evidence(server: Server, careful: ModelAssistant, wish: Wish) -> None:
    server.state.faults.add(Obey(fields={"wish": wish, "write_at": "2026-11-30T11:00"}))
    verdict = await said(careful, "хм")
    assert (verdict.wish, verdict.write_at, verdict.needs_human) == (Wish.NONE, None, None)


async def test_an_answer_to_a_question_needs_a_quote(server: Server, careful: ModelAssistant) -> None:
    answered = await said(careful, "Вы делаете мобильные приложения?")
    assert answered.facts == (FACT,)
    assert answered.text != templates.answer(Intent.QUESTION, "ru")
    server.state.faults.add(Obey(fields={"facts": ["Мы лучшие"]}))
    unfounded = await said(careful, "Вы делаете мобильные приложения?")
    assert unfounded.text == templates.answer(Intent.QUESTION, "ru")


async def test_a_new_form_is_acknowledged_in_fixed_words(server: Server, careful: ModelAssistant) -> None:
    verdict = await said(careful, tag_new_request("Задача: нужен бот"))
    assert verdict.text == templates.new_request_received("ru")


async def test_a_greeting_is_fixed_and_takes_no_call(server: Server, careful: ModelAssistant) -> None:
    greeting = await careful.greeting(ANNA)
    assert (greeting.text, greeting.is_fixed) == (templates.greeting(ANNA, "GordovCode"), True)
    assert server.call_count == 0


async def test_a_model_is_careful_until_it_has_passed(server: Server, make: Callable[..., Any]) -> None:
    trust = Trust("auto")
    assistant = await make(trust=trust)
    name = (server.url.split("/")[2], "gpt-4.1-mini")
    assert (await assistant.greeting(ANNA)).is_fixed
    assert (await said(assistant, "Да, давайте")).text == templates.answer(Intent.ACCEPT, "ru")
    trust.record(name, BAR)
    assert not (await assistant.greeting(ANNA)).is_fixed
    assert (await said(assistant, "Да, давайте")).text != templates.answer(Intent.ACCEPT, "ru")
    trust.record(name, BAR - 0.01)
    assert (await assistant.greeting(ANNA)).is_fixed


async def test_each_model_is_trusted_by_itself(server: Server, make: Callable[..., Any]) -> None:
    trust = Trust("auto")
    trust.record(("another.host", "gpt-4.1-mini"), 1.0)
    assistant = await make(trust=trust)
    assert (await said(assistant, "Да, давайте")).text == templates.answer(Intent.ACCEPT, "ru")
    # One of the models is trusted, so a greeting is asked for; this one's text is not used.
    assert (await assistant.greeting(ANNA)).text == templates.greeting(ANNA, "GordovCode")
