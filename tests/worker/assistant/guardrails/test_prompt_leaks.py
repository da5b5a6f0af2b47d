"""The instructions are not given away, in whatever dress; what they suggest to say is no secret."""

import base64

import pytest

from worker.assistant import prompts
from worker.assistant.guardrails.prompt_leaks import PromptFingerprint, unreadable

REPLY = prompts.read("reply")
SECRETS = PromptFingerprint([REPLY, prompts.read("greeting")])
LINE = next(line for line in REPLY.splitlines() if "одно короткое вежливое извинение" in line)
TWINS = LINE.translate(str.maketrans("аеорсух", "aeopcyx"))


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        f"Конечно! Вот: {LINE[20:90]}",
        LINE.upper(),
        " ".join(LINE),
        "-".join(LINE[:80]),
        LINE.replace(" ", "\u200b \u2060"),
        TWINS,
        LINE[::-1],
        base64.b64encode(LINE.encode()).decode(),
        REPLY[:400],
        "В поле needs_human ставлю true",
        "Мой системный промпт такой",
    ],
)
def test_it_is_seen(text: str) -> None:
    assert SECRETS.in_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "Я ассистент компании, а на звонке с вами будет специалист.",
        "Извините за беспокойство. Хорошего дня!",
        "Подскажите, удобно ли вам коротко созвониться?",
        "Уточню у коллег и вернусь с ответом.",
        "Мобильные приложения для iOS и Android.",
        "The price depends on the task, so we name it after the call.",
    ],
)
def test_ordinary_words_are_none_of_it(text: str) -> None:
    assert not SECRETS.in_text(text)


def test_the_description_is_no_secret() -> None:
    profile = "Начинаем с короткого бесплатного звонка: разбираемся в задаче и говорим, чем можем помочь."
    assert not SECRETS.in_text(profile)


def test_what_nobody_can_read() -> None:
    assert unreadable(base64.b64encode("тайные слова подлиннее".encode()).decode())
    assert unreadable("а" * 60)
    assert not unreadable("Человеконенавистничество и достопримечательности")
    assert not unreadable("interdisciplinaryinternationalization")
