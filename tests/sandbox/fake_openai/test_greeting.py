"""The model's greetings contain name, company, request and a call, but no link."""

import json

import pytest

from sandbox.fake_openai.rule_based_model.conversation import read_lead
from sandbox.fake_openai.rule_based_model.greeting import first_name, greet
from sandbox.fake_openai.rule_based_model.model import respond
from sandbox.fake_openai.rule_based_model.words.language import LINK
from sandbox.fake_openai.turn import Message, Turn

NAMES = ["Анна", "Пётр", "Ольга", "Иван", "Мария", "Глеб", "Юлия", "Олег"]


@pytest.mark.parametrize(
    "name",
    [
        *("не указано", "Не знаю", "Не скажу", "нет", "Аноним", "Тест", "not given", "N/A", "-", "…"),
        *(
            "ООО Ромашка-2",
            "ООО «Ромашка»",
            "Ромашка ООО",
            "ИП Иванов",
            "Магазин Уют",
            "Acme Ltd.",
            "GmbH Müller",
        ),
    ],
)
def test_nobody_is_called_by_a_word_that_is_no_name(name: str) -> None:
    assert first_name(name) == ""
    assert greeting(f"Имя: {name}\nКомпания: GordovCode\nЗаявка: Нужен сайт").startswith("Здравствуйте!")


@pytest.mark.parametrize(
    ("name", "called"),
    [
        *(("Анна (Москва)", "Анна"), ("Анна(Москва)", "Анна"), ("«Анна»", "Анна"), ("Неля", "Неля")),
        *(("Мария, отдел закупок", "Мария"), ("Тестова Ольга", "Тестова"), ("Инна [утром]", "Инна")),
    ],
)
def test_remarks_beside_a_name_are_left_out(name: str, called: str) -> None:
    assert first_name(name) == called


def greeting(card: str, instructions: str = "") -> str:
    return greet(read_lead(card), instructions)


def test_a_greeting_has_name_company_request_and_call() -> None:
    text = greeting("Имя: Анна\nКомпания: GordovCode\nЗаявка: Нужен лендинг для кофейни")
    for part in ("Анна", "GordovCode", "Нужен лендинг для кофейни", "созв"):
        assert part in text
    assert text.startswith("Здравствуйте, Анна!")


def test_a_greeting_from_a_json_card_is_the_same() -> None:
    card = {"name": "Анна", "company": "GordovCode", "request": "Нужен лендинг"}
    assert greeting(json.dumps(card, ensure_ascii=False)) == greeting(
        "Имя: Анна\nКомпания: GordovCode\nЗаявка: Нужен лендинг"
    )


def test_an_english_request_is_greeted_in_english() -> None:
    text = greeting("Имя: John Smith\nКомпания: GordovCode\nЗаявка: I need a landing page for my cafe")
    assert text.startswith("Hello, John!")
    assert "landing page" in text
    assert "call" in text


def test_the_wording_varies_with_the_name_and_is_stable() -> None:
    texts = [greeting(f"Имя: {name}\nЗаявка: сайт").replace(name, "") for name in NAMES]
    assert len(set(texts)) > 1
    assert texts == [greeting(f"Имя: {name}\nЗаявка: сайт").replace(name, "") for name in NAMES]


@pytest.mark.parametrize(
    "request_text",
    ["сайт как https://rival.example/page", "пишите @someone или t.me/someone", "www.rival.example срочно"],
)
def test_no_link_of_the_lead_is_repeated(request_text: str) -> None:
    text = greeting(f"Имя: Анна http://x.example\nКомпания: GordovCode\nЗаявка: {request_text}")
    assert not LINK.search(text)


@pytest.mark.parametrize(
    ("given", "called"),
    [
        ("анна", "Анна"),
        ("Анна Петрова", "Анна"),
        ("Анна-Мария", "Анна-Мария"),
        ("", ""),
        ("@anna", ""),
        ("12345", ""),
    ],
)
def test_a_greeting_uses_the_first_name(given: str, called: str) -> None:
    assert first_name(given) == called


def test_a_long_request_is_cut_at_a_word_and_kept_on_one_line() -> None:
    text = greeting("Имя: Анна\nЗаявка: " + "нужен сайт\n" * 30)
    assert "\n" not in text
    assert "…" in text
    assert len(text) < 300


def test_several_lines_of_a_request_end_at_the_next_field() -> None:
    lead = read_lead("Имя: Анна\nЗаявка: первая строка\nвторая: строка\nКомпания: GordovCode")
    assert lead.request == "первая строка\nвторая: строка"
    assert lead.company == "GordovCode"


def test_the_company_name_can_come_from_the_instructions() -> None:
    assert "GordovCode" in greeting("Имя: Анна", "Ты пишешь от имени компании «GordovCode».")
    assert "нашу компанию" in greeting("Имя: Анна") or "наш" in greeting("Имя: Анна")


def test_an_unknown_prompt_is_still_answered() -> None:
    for said in ("Compose something", "", "{broken json", "Лид: ???"):
        assert respond(Turn(model="m", messages=[Message(role="user", text=said)]))
