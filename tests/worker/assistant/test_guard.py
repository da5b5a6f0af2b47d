"""What may not go out in the model's words, and what must not be taken for it."""

import pytest

from worker.assistant import guard

REFUSED = [
    ("", "it is empty"),
    (" \n", "it is empty"),
    ("а" * 1501, "it is too long"),
    ("Вот ссылка: https://example.com/x", "it contains a link"),
    ("HTTP://EXAMPLE.COM", "it contains a link"),
    ("зайдите на www.example.org", "it contains a link"),
    ("пишите в t.me/someone", "it contains a link"),
    ("tg://resolve?domain=someone", "it contains a link"),
    ("выберите время на calendly.com/other", "it contains a link"),
    ("наш сайт GordovCode.com", "it contains a link"),
    ("наш сайт gordov-code.ru.", "it contains a link"),
    ("сайт пример.рф", "it contains a link"),
    ("короче: bit.ly/3abc", "it contains a link"),
    ("смотрите example.info", "it contains a link"),
    ("смотрите example.online", "it contains a link"),
    ("пишите на mail@example.ru", "it contains a link"),
    ("напишите @manager_ivan", "it contains a link"),
    ("звоните +7 916 123-45-67", "it contains a phone number"),
    ("звоните 8 (495) 123-45-67", "it contains a phone number"),
    ("звоните 89161234567", "it contains a phone number"),
    ("звоните 916 123 45 67", "it contains a phone number"),
    ("call +44 20 7946 0958", "it contains a phone number"),
    ("call 020 7946 0958", "it contains a phone number"),
    ("Здравствуйте, [имя]!", "it contains a placeholder"),
    ("Hello, [Your Name]!", "it contains a placeholder"),
    ("Hello, {name}!", "it contains a placeholder"),
    ("Выберите время: [ссылка]", "it contains a placeholder"),
    ("Pick a time: [link to Calendly]", "it contains a placeholder"),
]

HARMLESS = [
    "Здравствуйте, Анна! Удобно ли созвониться?",
    "Сайт стоит от 150 000 до 300 000 ₽, т.е. в среднем 225 000 рублей.",
    "Бюджет 10 000 000 рублей — это около 100 000 $.",
    "Вилка 150 000 - 300 000 ₽.",
    "Цена — 1 500 000.50 руб.",
    "Созвонимся 24.11.2026 в 15:30 или 25.11.2026 в 10-00?",
    "2026-11-24 15:30 вам подойдёт?",
    "С 10:00 до 18:30, 5 дней в неделю.",
    "Мы пишем на Node.js, Vue.js и Python 3.12, т.е. на том, что знаем, и т.д.",
    "Рейтинг 3.5 из 5, скорость выросла в 2.5 раза.",
    "Работаем 24/7, отвечаем за 1-2 часа.",
    "Это займёт 2–3 недели, и т.п.",
    "Делаем CRM (1С, amoCRM), сайты/лендинги и ботов.",
    "E.g. a landing page, i.e. one page; we start at 9 a.m.",
    "Скидка 10% @ первый заказ",
]


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_is_refused(text: str, problem: str) -> None:
    assert guard.problem(text) == problem


@pytest.mark.parametrize("text", HARMLESS)
def test_may_go_out(text: str) -> None:
    assert guard.problem(text) is None


def test_markup_is_taken_out() -> None:
    assert guard.tidy("  **Здравствуйте**, __Анна__! `да`\n") == "Здравствуйте, Анна! да"


def test_a_text_of_the_greatest_length_may_go_out() -> None:
    assert guard.problem("а" * guard.MOST_CHARACTERS) is None
