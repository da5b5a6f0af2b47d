"""Promises to ask a colleague are found, and taken out where nobody would keep them."""

import pytest

from shared.intents import Intent
from worker.dialogue import promises, templates

PROMISES = [
    templates.answer(Intent.QUESTION, "ru"),
    templates.answer(Intent.QUESTION, "en"),
    templates.will_find_out("ru"),
    templates.will_find_out("en"),
    "Про Битрикс24 уточню у коллег, чтобы не ответить наугад.",
    "Спрошу у специалистов и вернусь к вам.",
    "Уточню и напишу вам.",
    "Передам ваш вопрос коллегам.",
    "I'll ask my team and get back to you.",
    "Let me check: I will find out and come back to you.",
    "Спрошу у технолога и отпишусь",
    "Передам ваш вопрос технологу",
    "Вернусь к вам завтра с расчётом",
    "Посмотрю и отвечу чуть позже",
    "Дам знать, как только выясню",
    "Сообщу точную цену позже",
    "I'll check and let you know",
    "I will ask the dentist and let you know",
    "We will get back to you tomorrow",
    "I'll find out and write back",
    "Let me check with the surgeon.",
    "Чуть позже отвечу на ваш вопрос",
    "Отпишемся вам сегодня",
    "Проверю наличие и напишу.",
    "Уточню у врача.",
    "Узнаем у инструктора, есть ли места.",
    "I will ask the accountant about it.",
    "I’ll get back to you with the price.",
    "We'll let you know soon.",
    "Переадресую вопрос мастеру и сообщу",
    "Позже пришлю ответ",
    "Выясню и сразу скажу",
    "Ответим вам в течение дня",
    "Мы сообщим вам о сроках",
    "We'll answer you tomorrow",
    "Отвечу вам завтра",
    "Свяжусь с технологом и вернусь к вам",
]
NO_PROMISES = [
    "Стоимость зависит от задачи.",
    "Уточните, пожалуйста, сколько у вас товаров?",
    "Хочу уточнить, чтобы ничего не перепутать: удобно ли вам коротко созвониться?",
    "На звонке специалист ответит на вопросы.",
    "Could you check the link?",
    "На звонке специалист ответит на вопросы.",
    "Сообщу все детали на звонке",
    "Уточню, всё ли правильно: вам нужен сайт?",
    "Напишите, и я отвечу.",
    "Уточните, пожалуйста, к какому врачу вы хотите.",
    "Спросите об этом мастера на замере.",
    "Отвечу на все вопросы на звонке",
    "I will let you know on the call",
    "Please let us know",
    "Let me know if Friday suits you",
    "I'll ask you a few questions",
    "Извините, голосовое я прослушать не могу. Напишите, пожалуйста, текстом — сразу отвечу.",
    "Выберите время по ссылке, и мы всё уточним на звонке",
    "Не сообщу цену без замера",
    "Стоимость сообщим после звонка",
    "Could I ask you one question?",
    "Как только вы выберете время, я сообщу детали",
    "Если что-то изменится — просто напишите сюда.",
    *(templates.answer(intent, "ru") for intent in (Intent.ACCEPT, Intent.REJECT, Intent.AMBIGUOUS)),
]


@pytest.mark.parametrize("text", PROMISES)
def test_a_promise_is_found_and_taken_out(text: str) -> None:
    assert promises.promises_to_ask(text)
    for offers_call in (True, False):
        honest = promises.without_promises(text, "ru", offers_call=offers_call)
        assert not promises.promises_to_ask(honest)
        assert templates.cannot_tell("ru", offers_call=offers_call) in honest


@pytest.mark.parametrize("text", NO_PROMISES)
def test_other_texts_promise_nothing(text: str) -> None:
    assert not promises.promises_to_ask(text)
    assert promises.without_promises(text, "ru", offers_call=True) == text


def test_the_first_promise_is_found() -> None:
    assert promises.first_promise("Добрый день! Спрошу у технолога. И отпишусь.") == "Спрошу у технолога."
    assert promises.first_promise("Добрый день!") == ""


def test_the_rest_of_the_text_is_kept() -> None:
    text = "Мы внедряем CRM. Про 1С уточню у коллег. А пока можем созвониться?\nhttps://example.com/a.b?c=d\n\nДа"
    assert promises.without_promises(text, "ru", offers_call=True) == (
        "Мы внедряем CRM. На этот вопрос точно ответит специалист на звонке. Можем созвониться?"
        "\nhttps://example.com/a.b?c=d\n\nДа"
    )
