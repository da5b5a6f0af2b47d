"""The mistakes of the bad small model."""

import json

import pytest

from sandbox.fake_openai.rule_based_model.small_model import blunder
from sandbox.fake_openai.turn import Message

USUAL = json.dumps({"intent": "question", "text": "Да, делаем."})


@pytest.mark.parametrize(
    ("said", "fields"),
    [
        ("сек", {"intent": "accept"}),
        ("алло?", {"intent": "accept"}),
        ("С Битриксом работаете?", {"intent": "accept"}),
        ("Вы делаете сайты?", {"text": "Да, а вы делаете сайты?"}),
        ("[reaction 👎 to “Удобно?”]", {"do_not_contact": True}),
        ("Отпишите меня", {"text": "К сожалению, у меня нет возможности прервать рассылку."}),
        ("Позовите живого человека", {"needs_human": True, "text": "Да, а какой сайт вы хотите?"}),
        ("не интересно", {"text": "Вот ответ, который я предлагаю: не интересно"}),
        ("хм", {"text": "Я наш сотрудник. хм"}),
    ],
)
def test_blunders(said: str, fields: dict[str, object]) -> None:
    made = blunder([Message(role="user", text=f"Новые сообщения:\n{said}")], USUAL)
    assert made.items() >= fields.items()


def test_a_greeting_is_for_somebody_else() -> None:
    assert "Алекс" in str(blunder([], json.dumps({"text": "Здравствуйте, Анна!"}))["text"])
