"""The model's replies use only the company's description, in the lead's language."""

import re

import pytest

from sandbox.fake_openai.rule_based_model.reply import reply
from sandbox.fake_openai.turn import Message

PROFILE = """
# GordovCode

GordovCode — студия разработки: делаем сайты и мобильные приложения для бизнеса.

## Услуги
- **Мобильные приложения** — iOS и Android на Flutter, от идеи до публикации.
- Интернет-магазины на Tilda и Django.
- Чат-боты для Telegram.

## Условия
| Что | Сколько |
|---|---|
| Гарантия | 12 месяцев на всё, что сделали |
Лендинг запускаем за две недели. Офис находится в Казани.
"""
PRICES = "\n## Цены\n- Лендинг стоит от 60 000 ₽.\n- Интернет-магазин — от 200 000 ₽.\n"
RULES = (
    "Ты помощник компании. Не придумывай цен на сайты и мобильные приложения. Верни JSON с intent.\n\n"
    "Описание компании:\n"
)


def answer(said: str, profile: str = PROFILE) -> str:
    return reply([Message(role="user", text=said)], RULES + profile).text


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("а вы делаете мобильные приложения?", "iOS и Android на Flutter"),
        ("Есть ли гарантия?", "Гарантия — 12 месяцев"),
        ("сможете бота в телеграм сделать?", "Чат-боты для Telegram"),
        ("где ваш офис?", "Офис находится в Казани"),
        ("А какие сроки у лендинга?", "Лендинг запускаем за две недели"),
        ("кто вы?", "GordovCode — студия разработки"),
        ("Что вы делаете?", "GordovCode — студия разработки"),
    ],
)
def test_a_question_is_answered_from_the_description(question: str, part: str) -> None:
    text = answer(question)
    assert part in text
    assert "созв" in text
    assert "*" not in text
    assert "|" not in text


def test_a_price_is_quoted_if_known_and_never_invented() -> None:
    assert "200 000 ₽" in answer("сколько стоит интернет-магазин?", PROFILE + PRICES)
    without = answer("сколько стоит интернет-магазин?")
    assert "коллега" in without
    assert not re.search(r"\d", without)


@pytest.mark.parametrize("question", ["а вы продаёте рыбу?", "Какая сегодня погода?"])
def test_an_unknown_answer_is_left_to_a_colleague(question: str) -> None:
    assert "коллега" in answer(question)


def test_instructions_to_the_model_are_not_quoted() -> None:
    for profile in (PROFILE, ""):
        assert "придумывай" not in answer("сколько стоят мобильные приложения?", profile)


@pytest.mark.parametrize(
    ("said", "language"),
    [
        ("do you build mobile apps?", "en"),
        ("not interested", "en"),
        ("sounds good", "en"),
        ("hmm", "en"),
        ("хм", "ru"),
    ],
)
def test_the_answer_is_in_the_leads_language(said: str, language: str) -> None:
    verdict = reply([Message(role="user", text=said)], RULES + PROFILE)
    assert verdict.language == language
    assert bool(re.search("[а-я]", verdict.text)) == (language == "ru")


def test_an_english_description_answers_english_questions() -> None:
    verdict = reply(
        [Message(role="user", text="Do you build mobile apps?")],
        "<company>\n- We build mobile apps.\n</company>",
    )
    assert verdict.text.startswith("We build mobile apps.")


def test_a_message_without_letters_uses_the_previous_language() -> None:
    messages = [
        Message(role="user", text="hello there"),
        Message(role="assistant", text="Здравствуйте!"),
        Message(role="user", text="👍"),
    ]
    verdict = reply(messages, "")
    assert (verdict.intent, verdict.language) == ("accept", "en")


@pytest.mark.parametrize(
    "said", ["да", "нет", "может быть", "да, а сколько стоит?", "yes", "no", "hm", "сколько стоит?"]
)
def test_no_reply_has_a_link(said: str) -> None:
    assert not re.search(
        r"https?:|www\.|t\.me|calendly", answer(said, PROFILE + "\nСайт: https://gordovcode.example")
    )


@pytest.mark.parametrize(
    "wrapped",
    [
        "<messages>\nуже неактуально\n</messages>",
        "Имя: Анна\nЗаявка: да, нужен сайт\n\nНовые сообщения:\nуже неактуально",
        '{"name": "Анна", "messages": ["Здравствуйте", {"text": "уже неактуально"}]}',
    ],
)
def test_the_leads_text_is_unwrapped(wrapped: str) -> None:
    messages = [Message(role="assistant", text="Удобно созвониться?"), Message(role="user", text=wrapped)]
    assert reply(messages, "").intent == "reject"


def test_a_card_before_the_messages_is_not_a_message() -> None:
    messages = [
        Message(role="user", text="Имя: Анна\nКомпания: GordovCode\nЗаявка: сколько стоит сайт?"),
        Message(role="user", text="нет, спасибо"),
    ]
    assert reply(messages, "").intent == "reject"


UNCONFIRMED = "Заявка не подтверждена: человек ещё не подтвердил.\nНовые сообщения:\n"


@pytest.mark.parametrize("said", ["Сколько гарантия?", "Откуда у вас мой номер?", "Есть ли у вас парковка?"])
def test_an_unconfirmed_lead_is_offered_no_call(said: str) -> None:
    given = reply([Message(role="user", text=f"{UNCONFIRMED}{said}")], RULES + PROFILE)
    assert given.intent == "question"
    assert not re.search("созвон|вы сами оставили", given.text, re.IGNORECASE)


def test_a_yes_of_an_unconfirmed_lead_is_an_acceptance() -> None:
    said = "Да, это я"
    assert reply([Message(role="user", text=said)], RULES + PROFILE).intent == "ambiguous"
    assert reply([Message(role="user", text=f"{UNCONFIRMED}{said}")], RULES + PROFILE).intent == "accept"
