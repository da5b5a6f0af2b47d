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
]
NO_PROMISES = [
    "Стоимость зависит от задачи.",
    "Уточните, пожалуйста, сколько у вас товаров?",
    "Хочу уточнить, чтобы ничего не перепутать: удобно ли вам коротко созвониться?",
    "На звонке специалист ответит на вопросы.",
    "Could you check the link?",
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


def test_the_rest_of_the_text_is_kept() -> None:
    text = "Мы внедряем CRM. Про 1С уточню у коллег. А пока можем созвониться?\nhttps://example.com/a.b?c=d\n\nДа"
    assert promises.without_promises(text, "ru", offers_call=True) == (
        "Мы внедряем CRM. На этот вопрос точно ответит специалист на звонке. Можем созвониться?"
        "\nhttps://example.com/a.b?c=d\n\nДа"
    )
