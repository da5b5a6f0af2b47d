"""Numbers, prices, names and promises in an answer need a source."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from worker.assistant.guardrails.facts import numbers
from worker.assistant.guardrails.facts.grounding import GroundingSource, find_problem
from worker.assistant.guardrails.facts.spoken_times import spoken_times

NOW = datetime(2026, 11, 24, 15, 5, tzinfo=ZoneInfo("Europe/Moscow"))
SOURCE = GroundingSource(
    company="Ромашка. Лендинг за две недели, от 60 000 ₽. Гарантия — 12 месяцев. Звонок бесплатный.",
    own_messages="Здравствуйте! Это Ромашка. Удобно созвониться в 15:30?",
    contact_texts="Бюджет 300 тыс. рублей. Можно завтра в 16? Нас 5 человек, работаем с 1С",
    local_time=NOW,
)
A_NUMBER = "it names a number that is neither in the description nor in the conversation"
A_PRICE = "it names a price that is not in the description"
A_PROMISE = "it makes a promise that is not in the description"

GROUNDED = [
    "Да, завтра в 16:00 удобно.",
    "Лендинг — за 2 недели, от 60 000 рублей.",
    "Лендинг стоит от 60000 ₽.",
    "Гарантия двенадцать месяцев? Да, 12 месяцев.",
    "Бюджет 300 000 рублей учтём, стоимость назовём после звонка.",
    "Интеграция с 1С — это к нам, B2B тоже.",
    "Созвонимся завтра, 25 ноября, или 27 ноября?",
    "Tomorrow, November 25, works too.",
    "Звонок бесплатный.",
    "В 15:30 или в 16?",
    "Это Ромашка, вы оставляли заявку.",
    "Уточню у коллег и вернусь с ответом.",
]
INVENTED = [
    ("Лендинг стоит 45 000 ₽.", A_NUMBER),
    ("Сделаем за три недели.", A_NUMBER),
    ("Сделаем за неделю.", A_NUMBER),
    ("Ответим в течение рабочего дня.", A_NUMBER),
    ("Звонок займёт пятнадцать минут.", A_NUMBER),
    ("Это 15-минутный звонок.", A_NUMBER),
    ("Даём скидку 10%.", A_NUMBER),
    ("Мы на рынке 8 лет.", A_NUMBER),
    ("Работаем 24/7.", A_NUMBER),
    ("Созвонимся 25 декабря?", A_NUMBER),
    ("Будет готово 01.02.2027.", A_NUMBER),
    ("It takes two days.", A_NUMBER),
    ("We charge $99.", A_NUMBER),
    ("Да, сайт стоит 300 000 рублей.", A_PRICE),
    ("300 000 рублей — наша цена.", A_PRICE),
    ("Хорошо, цена 300 тысяч.", A_PRICE),
    ("Сделаем вам скидку.", A_PROMISE),
    ("Гарантируем возврат.", A_PROMISE),
    ("Если не понравится, вернём деньги.", A_PROMISE),
    ("Обещаем лучший результат.", A_PROMISE),
]


@pytest.mark.parametrize("text", GROUNDED)
def test_grounded_text_is_allowed(text: str) -> None:
    assert find_problem(text, SOURCE) is None


@pytest.mark.parametrize(("text", "why"), INVENTED)
def test_invented_facts_are_refused(text: str, why: str | None) -> None:
    assert find_problem(text, SOURCE) == why


def test_promise_needs_the_company_profile() -> None:
    silent = GroundingSource(company="Ромашка.")
    assert find_problem("Гарантируем результат.", silent) == A_PROMISE
    assert find_problem("Первый звонок бесплатный.", silent) == A_PROMISE
    denied = GroundingSource(
        company="Ромашка. Гарантия 2 года, рассрочки и скидок нет. Не даём бонусов, подарков."
    )
    assert find_problem("Да, гарантия 2 года есть.", denied) is None
    assert find_problem("Да, есть рассрочка, расскажем на звонке.", denied) == A_PROMISE
    assert find_problem("Предоставим подарок.", denied) == A_PROMISE
    assert find_problem("Про гарантии расскажем на звонке.", silent) is None


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("от 150 000 до 300 000 ₽", {150_000, 300_000}),
        ("225 тыс. или 1,5 млн", {225_000, 1_500_000}),
        ("1,500.50 dollars, $2,000", {1500.5, 2000}),
        ("24.11.2026 в 15:30", {24, 11, 2026, 15, 30}),
        ("в 15:00", {15}),
        ("3.5 из 5", {3.5, 5}),
        ("1С, B2B, web3, Python3", set()),
    ],
)
def test_numbers_are_extracted_from_usual_notations(text: str, values: set[float]) -> None:
    found = numbers.extract_numbers(text)
    assert found.values | found.clock == values


def test_numbers_in_words_are_extracted() -> None:
    found = numbers.extract_numbers("две недели, полчаса, за час, пару дней")
    assert found.measured == {(2, "week"), (30, "minute"), (2, "day")}
    assert found.single == {"hour"}


@pytest.mark.parametrize(
    ("company", "text", "is_grounded"),
    [
        ("Занятие 90 минут.", "Занятие на полтора часа.", True),
        ("Free up to 14 days before.", "Free until two weeks before.", True),
        ("Ответ за 2 недели.", "Ответ за 10 дней.", False),
        ("Open 10:00 to 18:30.", "Open from 10 am to 6:30 pm.", True),
        ("Open 8:00 to 18:30.", "Open until 20:00.", False),
        # A number that counts things is no price.
        ("12 edited pictures.", "A picture is £12.", False),
        ("A picture is 12.", "A picture is £12.", True),
        ("Доставка за 1 день.", "Доставим на следующий день.", True),
        ("Доставка есть.", "Доставим на следующий день.", False),
        ("Our page: north_light.", "Look for north_light.", True),
        ("Our page.", "Look for north_light.", False),
        # A number of several words is one number.
        ("От 45 000 ₽.", "От сорока пяти тысяч рублей.", True),
        ("От 5 000 ₽, до 40 лет.", "От сорока пяти тысяч рублей.", False),
        ("Plans over 6 or 12 months.", "It is six hundred pounds.", False),
        ("Набор в марте и мае.", "Набор в мае.", True),
        ("Набор круглый год.", "Начнём в первых числах марта.", False),
        ("Курсы для всех.", "You may come in May.", False),
        ("Курсы для всех.", "You may come and march. Майка, магазин.", True),
    ],
)
def test_a_fact_may_be_said_in_another_unit(company: str, text: str, is_grounded: bool) -> None:
    assert (find_problem(text, GroundingSource(company=company)) is None) == is_grounded


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("без четверти три", {2, 14, 45}),
        ("в половине третьего", {2, 14, 30}),
        ("без десяти пять", {4, 16, 50}),
        ("без двадцати пяти шесть", {5, 17, 35}),
        ("четверть первого", {0, 12, 15}),
        ("без пяти час", {0, 12, 55}),
        ("at quarter to three", {2, 14, 45}),
        ("a quarter past two", {2, 14, 15}),
        ("ten to one", {0, 12, 50}),
    ],
)
def test_times_beside_the_hour_are_read(said: str, parts: set[float]) -> None:
    assert parts <= spoken_times(said)
