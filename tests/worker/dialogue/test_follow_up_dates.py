"""Requests such as “write to me on Monday”, and texts that are not such requests."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from worker.dialogue.follow_up_dates import format_day, parse_requested_time

# A Tuesday.
NOW = datetime(2026, 11, 24, 15, 30, tzinfo=ZoneInfo("Europe/Moscow"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Сейчас занят, напишите в понедельник", "30 11:00"),
        ("напишите мне во вторник", "1 11:00"),
        ("Напишите завтра в 16:30", "25 16:30"),
        ("напиши послезавтра утром", "26 10:00"),
        ("Свяжитесь со мной через неделю", "1 11:00"),
        ("через 3 дня напишите вечером", "27 18:00"),
        ("Напишите через час", "24 16:30"),
        ("вернёмся к этому на следующей неделе", "30 11:00"),
        ("Please write on Friday", "27 11:00"),
        ("get back to me in two weeks", None),
        ("message me in 2 weeks", "8 11:00"),
        ("Напишите завтра в 3", "25 11:00"),
    ],
)
def test_requested_time_is_parsed(text: str, expected: str | None) -> None:
    moment = parse_requested_time(text, NOW)
    assert (moment and f"{moment.day} {moment:%H:%M}") == expected


@pytest.mark.parametrize(
    "text",
    [
        *("позже", "напишите позже", "давайте созвонимся в понедельник", "завтра удобно в 15:00"),
        *("напишите через год", "напишите через 40 недель", "да", ""),
    ],
)
def test_text_without_a_usable_request_returns_none(text: str) -> None:
    assert parse_requested_time(text, NOW) is None


def test_format_day() -> None:
    assert format_day(NOW, "ru") == "24 ноября"
    assert format_day(NOW + timedelta(days=7), "en") == "on December 1"
