"""Greetings and verdicts over HTTP, and what the requests contain and do not contain."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.fake_openai.faults import Obey, ServerError
from shared.database.models import Lead, Message
from shared.intents import Intent
from tests.worker.assistant.conftest import Server
from worker.assistant.assistant import ModelAssistant
from worker.assistant.guardrails import output_guard
from worker.assistant.prompts.prompt_context import NEW_MESSAGES
from worker.assistant.verdict.verdicts import MIN_CONFIDENCE
from worker.dialogue import templates
from worker.domain.assistant_port import Brief, Turn
from worker.domain.conversation import Conversation, tag_new_request

ANNA = Brief("Анна", {"Комментарий": "Нужен сайт для кофейни"})
HELLO = Turn(from_us=True, text="Здравствуйте, Анна! Удобно ли вам созвониться?")


def answered(text: str) -> list[Turn]:
    return [HELLO, Turn(from_us=False, text=text)]


async def test_greeting_names_contact_and_company(assistant: ModelAssistant) -> None:
    text = (await assistant.greeting(ANNA)).text
    assert "Анна" in text
    assert "GordovCode" in text
    assert output_guard.find_problem(text) is None


@pytest.mark.parametrize(
    ("said", "intent", "language"),
    [
        ("Да, давайте созвонимся", Intent.ACCEPT, "ru"),
        ("Спасибо, уже не актуально", Intent.REJECT, "ru"),
        ("А сколько стоит сайт?", Intent.QUESTION, "ru"),
        ("хм", Intent.AMBIGUOUS, "ru"),
        ("Great, let's have a call", Intent.ACCEPT, "en"),
    ],
)
async def test_verdict_has_intent_and_language(
    assistant: ModelAssistant, said: str, intent: Intent, language: str
) -> None:
    verdict = await assistant.reply(ANNA, answered(said))
    assert (verdict.intent, verdict.language) == (intent, language)
    assert output_guard.find_problem(verdict.text) is None


async def test_verdict_has_facts_flags_and_usage(assistant: ModelAssistant, server: Server) -> None:
    asked = await assistant.reply(ANNA, answered("А мобильные приложения делаете?"))
    assert asked.facts == ("Мобильные приложения для iOS и Android.",)
    assert (asked.needs_human, asked.do_not_contact) == (None, False)
    assert 0 < asked.confidence <= 1
    usage = asked.usage
    assert usage is not None
    assert (usage.model, usage.calls) == ("gpt-4.1-mini", 1)
    assert usage.tokens_in is not None
    assert usage.tokens_in > 1_000
    assert usage.tokens_cached is not None
    assert (usage.tokens_out or 0) > 0
    assert 0 < (usage.cost_usd or 0) < 0.01
    assert (await assistant.reply(ANNA, answered("Больше не пишите мне"))).do_not_contact
    server.state.faults.add(Obey(fields={"facts": ["Делаем ракеты", "Цены и сроки", " "]}))
    assert (await assistant.reply(ANNA, answered("А ракеты?"))).facts == ("Цены и сроки",)
    server.state.faults.add(Obey(fields={"needs_human": True, "reason": "сердится", "confidence": 7}))
    angry = await assistant.reply(ANNA, answered("Верните деньги!"))
    assert (angry.needs_human, angry.confidence) == ("сердится", 1.0)


async def test_unknown_model_has_a_cost_only_with_a_configured_price(make: Callable[..., Any]) -> None:
    unknown = await make(openai_model="our-own-7b")
    usage = (await unknown.reply(ANNA, answered("да"))).usage
    assert (usage.model, usage.cost_usd) == ("our-own-7b", None)
    priced = await make(openai_model="our-own-7b", openai_price="1/0.5/2")
    usage = (await priced.reply(ANNA, answered("да"))).usage
    uncached = usage.tokens_in - usage.tokens_cached
    assert usage.cost_usd == pytest.approx((uncached + usage.tokens_cached / 2 + usage.tokens_out * 2) / 1e6)


async def test_model_gets_instructions_form_and_conversation(
    assistant: ModelAssistant, server: Server
) -> None:
    more = [Turn(from_us=True, text="Смотря что."), Turn(from_us=False, text="Сайт")]
    await assistant.reply(ANNA, [*answered("А сколько стоит?"), *more])
    (call,) = server.state.calls.recent()
    instructions = call.instructions or ""
    assert instructions.startswith("Ты — ассистент компании GordovCode")
    assert "# GordovCode" in instructions
    # What differs between leads comes last, so that the rest is cached.
    assert "Анна" not in instructions
    form, hello, question, answer, new = call.messages
    assert [message.role for message in call.messages] == ["user", "assistant", "user", "assistant", "user"]
    assert form.text == "Заявка с сайта\nИмя: Анна\nКомпания: GordovCode\nКомментарий: Нужен сайт для кофейни"
    assert (hello.text, question.text, answer.text) == (HELLO.text, "А сколько стоит?", "Смотря что.")
    assert new.text == f"{NEW_MESSAGES}\nСайт"
    assert call.schema_name == "ReplyAnswer"


async def test_model_gets_no_contact_data_or_internal_ids(assistant: ModelAssistant, server: Server) -> None:
    lead = Lead(
        id=17,
        name="Анна",
        source="tilda",
        source_key="467251:8442970",
        phone="89161234567",
        phone_e164="+79161234567",
        username="anna_smirnova",
        telegram_user_id=6_000_000_001,
        extra={"Комментарий": "Звоните 8 (916) 123-45-67 или @anna_smirnova", "formid": "form12345"},
    )
    said = Message(lead_id=17, direction="in", kind="reply", state="received", text="Да")
    conversation = Conversation(lead, [said])
    await assistant.greeting(conversation.brief())
    await assistant.reply(conversation.brief(), conversation.turns())
    sent = "".join(call.model_dump_json() for call in server.state.calls.recent())
    assert "Звоните" in sent
    for secret in ("9161234567", "123-45-67", "anna_smirnova", "6000000001", "8442970", "form12345"):
        assert secret not in sent


async def test_equal_instructions_are_cached(assistant: ModelAssistant, server: Server) -> None:
    for name in ("Анна", "Борис"):
        await assistant.reply(Brief(name), answered("да"))
    first, second = server.state.calls.recent()
    assert first.instructions == second.instructions
    assert second.usage is not None
    assert second.usage.cached_tokens > 0


LINK = {"language": "ru", "text": "Жмите https://evil.example/x", "confidence": 0.9}


@pytest.mark.parametrize("intent", Intent)
async def test_link_of_an_obedient_model_is_replaced(
    assistant: ModelAssistant, server: Server, intent: Intent
) -> None:
    server.state.faults.add(Obey(fields=LINK | {"intent": intent}, times=2))
    verdict = await assistant.reply(ANNA, answered("Хочу узнать подробнее про ваши услуги"))
    assert (verdict.intent, verdict.refused) == (intent, "it contains a link")
    assert verdict.text == templates.answer(intent, "ru")
    assert server.call_count == 2


async def test_refused_answer_is_asked_for_once_more(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(Obey(fields=LINK))
    verdict = await assistant.reply(ANNA, answered("А мобильные приложения делаете?"))
    assert verdict.text.startswith("Мобильные приложения для iOS и Android.")
    assert verdict.refused == "it contains a link"
    first, second = server.state.calls.recent()
    assert verdict.usage is not None
    assert first.usage is not None
    assert second.usage is not None
    assert verdict.usage.calls == 2
    assert verdict.usage.tokens_in == first.usage.input_tokens + second.usage.input_tokens
    assert "Прошлый вариант ответа не отправлен: it contains a link" in second.messages[-1].text
    # Only the last message differs, so the rest is cached.
    assert second.instructions == first.instructions
    assert second.messages[:-1] == first.messages[:-1]


async def test_template_is_used_if_the_second_call_fails(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(Obey(fields=LINK | {"intent": "question"}))
    server.state.faults.add(ServerError())
    verdict = await assistant.reply(ANNA, answered("А мобильные приложения делаете?"))
    assert verdict.text == templates.answer(Intent.QUESTION, "ru")
    assert verdict.usage is not None
    assert verdict.usage.calls == 1


@pytest.mark.parametrize(
    "text", ["", "   ", "Звоните +7 916 123-45-67", "Привет, [имя]!", "All right, let us talk"]
)
async def test_other_refused_texts_are_replaced_too(
    assistant: ModelAssistant, server: Server, text: str
) -> None:
    # The model's claim about the language does not override the script of the contact's text.
    server.state.faults.add(Obey(fields={"text": text, "language": "en-US", "intent": "accept"}, times=2))
    verdict = await assistant.reply(ANNA, answered("да"))
    assert (verdict.text, verdict.language) == (templates.answer(Intent.ACCEPT, "ru"), "ru")


async def test_handoff_notice_replaces_a_refused_text(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(Obey(fields=LINK | {"needs_human": True, "reason": "жалуется"}, times=2))
    verdict = await assistant.reply(ANNA, answered("Позовите директора"))
    assert (verdict.text, verdict.needs_human) == (templates.handoff_notice("ru"), "жалуется")


@pytest.mark.parametrize("intent", [Intent.ACCEPT, Intent.REJECT])
async def test_decision_with_low_confidence_becomes_ambiguous(
    assistant: ModelAssistant, server: Server, intent: Intent
) -> None:
    server.state.faults.add(Obey(fields={"intent": intent, "confidence": MIN_CONFIDENCE - 0.01}))
    verdict = await assistant.reply(ANNA, answered("ну такое себе"))
    assert verdict.intent is Intent.AMBIGUOUS
    assert verdict.text == templates.answer(Intent.AMBIGUOUS, "ru")
    server.state.faults.add(Obey(fields={"intent": intent, "confidence": MIN_CONFIDENCE}))
    assert (await assistant.reply(ANNA, answered("ну такое себе"))).intent is intent


async def test_unsure_refusal_with_opt_out_stays_a_refusal(assistant: ModelAssistant, server: Server) -> None:
    unsure = {"intent": "reject", "confidence": 0.3, "do_not_contact": True}
    server.state.faults.add(Obey(fields=unsure))
    verdict = await assistant.reply(ANNA, answered("всё, хватит уже"))
    assert (verdict.intent, verdict.do_not_contact) == (Intent.REJECT, True)


@pytest.mark.parametrize("intent", [Intent.QUESTION, Intent.AMBIGUOUS, Intent.REJECT])
async def test_explicit_opt_out_overrides_the_model(
    assistant: ModelAssistant, server: Server, intent: Intent
) -> None:
    server.state.faults.add(Obey(fields={"intent": intent, "do_not_contact": False}))
    said = "Откуда у вас мой номер? Больше не пишите мне!"
    assert (await assistant.reply(ANNA, answered(said))).do_not_contact


async def test_refused_greeting_is_asked_for_again_then_replaced(
    assistant: ModelAssistant, server: Server
) -> None:
    evil = {"text": "Здравствуйте! Наш сайт: evil.com"}
    server.state.faults.add(Obey(fields=evil))
    second_try = await assistant.greeting(ANNA)
    assert "Анна" in second_try.text
    assert second_try.refused == "it contains a link"
    server.state.faults.add(Obey(fields=evil, times=2))
    replaced = await assistant.greeting(ANNA)
    assert replaced.text == templates.greeting(ANNA, "GordovCode")


async def test_markup_is_removed(assistant: ModelAssistant, server: Server) -> None:
    server.state.faults.add(Obey(fields={"text": "**Здравствуйте**, Анна! "}))
    assert (await assistant.greeting(ANNA)).text == "Здравствуйте, Анна!"


async def test_lead_without_a_name(assistant: ModelAssistant, server: Server) -> None:
    await assistant.greeting(Brief(""))
    (call,) = server.state.calls.recent()
    assert call.messages[0].text.startswith("Заявка с сайта\nИмя: не указано\n")


async def test_greeting_prompt_has_later_requests_and_earlier_contact(
    assistant: ModelAssistant, server: Server
) -> None:
    brief = Brief(
        "Анна", {"Комментарий": "Нужен сайт"}, later_requests=("Комментарий: И бот",), is_returning=True
    )
    text = (await assistant.greeting(brief)).text
    assert "Нужен сайт" in text
    assert "И бот" in text
    (call,) = server.state.calls.recent()
    told = call.messages[0].text
    assert "Раньше: компания уже переписывалась с этим человеком\n" in told
    assert told.endswith("<new_request>\nКомментарий: И бот\n</new_request>")


@pytest.mark.parametrize(
    ("said", "intent"),
    [("", Intent.QUESTION), ("Да, давайте созвонимся", Intent.ACCEPT), ("Уже неактуально", Intent.REJECT)],
)
async def test_later_form_in_the_conversation_is_acknowledged(
    assistant: ModelAssistant, said: str, intent: Intent
) -> None:
    verdict = await assistant.reply(
        ANNA, answered(f"{tag_new_request('Комментарий: Да, нужен бот')}\n{said}")
    )
    assert verdict.intent is intent
    assert "нужен бот" in verdict.text
    assert verdict.refused is None
