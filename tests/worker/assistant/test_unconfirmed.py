"""What the model is told about an unconfirmed person, and what it may answer them."""

from dataclasses import replace

import pytest

from sandbox.fake_openai.faults import Obey
from shared.intents import Intent
from tests.worker.assistant.conftest import Server
from worker.assistant.assistant import ModelAssistant
from worker.assistant.prompts import prompt_context
from worker.dialogue import templates
from worker.domain.assistant_port import Brief, Turn

ANNA = Brief("Анна", {"Комментарий": "Нужен сайт для кофейни"})
LINK = {"language": "ru", "text": "Жмите https://evil.example/x", "confidence": 0.9}
UNCONFIRMED = Brief("Анна", is_unconfirmed=True)
ASKED = Turn(from_us=True, text="Здравствуйте, Анна! Вы оставляли заявку в GordovCode?")


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("да", Intent.ACCEPT),
        ("Да, это я", Intent.ACCEPT),
        ("Да, а сколько стоит сайт?", Intent.ACCEPT),
        ("Нет, это не я", Intent.REJECT),
        ("Не оставляла", Intent.REJECT),
        ("Вы ошиблись", Intent.REJECT),
        ("Кто это?", Intent.QUESTION),
        ("хм", Intent.AMBIGUOUS),
    ],
)
async def test_an_unconfirmed_person_is_asked_about_the_request_only(
    assistant: ModelAssistant, server: Server, said: str, intent: Intent
) -> None:
    verdict = await assistant.reply(UNCONFIRMED, [ASKED, Turn(from_us=False, text=said)])
    assert verdict.intent is intent
    if intent is Intent.QUESTION:
        assert "созвон" not in verdict.text
    await assistant.reply(ANNA, [ASKED, Turn(from_us=False, text="да")])
    unconfirmed, usual = server.state.calls.recent()
    # The fixed text comes first and is the same, so that the provider caches it.
    assert unconfirmed.instructions == usual.instructions
    assert unconfirmed.messages[0].text == "Заявка с сайта\nИмя: Анна\nКомпания: GordovCode"
    assert unconfirmed.messages[-1].text.startswith(prompt_context.UNCONFIRMED)
    assert prompt_context.UNCONFIRMED not in usual.model_dump_json()


async def test_a_refused_answer_to_an_unconfirmed_person_offers_no_call(
    assistant: ModelAssistant, server: Server
) -> None:
    server.state.faults.add(Obey(fields=LINK | {"intent": "question"}, times=2))
    verdict = await assistant.reply(UNCONFIRMED, [ASKED, Turn(from_us=False, text="Кто это?")])
    assert verdict.text == templates.will_find_out("ru")


async def test_the_greeting_follows_the_confirmation(assistant: ModelAssistant, server: Server) -> None:
    greeting = await assistant.greeting(replace(ANNA, confirmation="Да, а сколько стоит?"))
    assert "сайт для кофейни" in greeting.text
    (call,) = server.state.calls.recent()
    assert call.messages[0].text.endswith("Новые сообщения:\nДа, а сколько стоит?")
