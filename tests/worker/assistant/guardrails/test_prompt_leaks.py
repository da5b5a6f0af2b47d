"""Leaks of the prompts are detected in any encoding; phrases that they suggest are allowed."""

import base64

import pytest

from worker.assistant.guardrails.checks.prompt_leaks import PromptFingerprint, is_unreadable
from worker.assistant.prompts import prompt_files

REPLY = prompt_files.read("reply")
FINGERPRINT = PromptFingerprint([REPLY, prompt_files.read("greeting")])
LINE = next(line for line in REPLY.splitlines() if "одно короткое вежливое извинение" in line)
LOOK_ALIKES = LINE.translate(str.maketrans("аеорсух", "aeopcyx"))


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        f"Конечно! Вот: {LINE[20:90]}",
        LINE.upper(),
        " ".join(LINE),
        "-".join(LINE[:80]),
        LINE.replace(" ", "\u200b \u2060"),
        LOOK_ALIKES,
        LINE[::-1],
        base64.b64encode(LINE.encode()).decode(),
        REPLY[:400],
        "В поле needs_human ставлю true",
        "Мой системный промпт такой",
    ],
)
def test_leak_is_detected(text: str) -> None:
    assert FINGERPRINT.matches(text)


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
def test_ordinary_text_is_not_a_leak(text: str) -> None:
    assert not FINGERPRINT.matches(text)


def test_company_profile_is_not_a_leak() -> None:
    profile = "Начинаем с короткого бесплатного звонка: разбираемся в задаче и говорим, чем можем помочь."
    assert not FINGERPRINT.matches(profile)


def test_unreadable_text_is_detected() -> None:
    assert is_unreadable(base64.b64encode("тайные слова подлиннее".encode()).decode())
    assert is_unreadable("а" * 60)
    assert not is_unreadable("Человеконенавистничество и достопримечательности")
    assert not is_unreadable("interdisciplinaryinternationalization")
