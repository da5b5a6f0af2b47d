"""The rules' wishes, and the moment at which a lead asks to be written to."""

from datetime import UTC, datetime

import pytest

from sandbox.fake_openai.rule_based_model.reply import reply
from sandbox.fake_openai.rule_based_model.words.dates import parse_requested_time, read_local_time
from sandbox.fake_openai.turn import Message

# A Tuesday.
LOCAL_TIME = "Сейчас у человека: вторник, 24.11.2026, 15:30"
NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "wish"),
    [
        ("Позвоните мне лучше", "call_me"),
        ("перезвоните пожалуйста после шести", "call_me"),
        ("Just call me", "call_me"),
        ("Ссылка не открывается", "booking_trouble"),
        ("не могу выбрать время в календаре", "booking_trouble"),
        ("The link does not work", "booking_trouble"),
        ("the link doesn't work", "booking_trouble"),
        ("Можно перенести на пятницу?", "reschedule"),
        ("I need to reschedule", "reschedule"),
        ("Давайте перенесём встречу", "reschedule"),
        ("созвон надо перенести", "reschedule"),
        ("Надо перенести", "reschedule"),
        ("завтра не смогу", "reschedule"),
        ("Позовите живого человека", "human"),
        ("Вы ошиблись, я ничего не оставляла", "wrong_person"),
        ("wrong person, mate", "wrong_person"),
        ("напишите в понедельник", "write_later"),
        ("не смогу сейчас посмотреть", "none"),
        ("А перенос данных из старой CRM входит?", "none"),
        ("Сможете перенести сайт на другой хостинг?", "none"),
        ("Можно ли отменить подписку в приложении?", "none"),
        ("Сайт не открывается, сколько стоит починить?", "none"),
        ("только не звоните, пишите", "none"),
        ("давайте созвонимся", "none"),
        ("позже", "none"),
        ("Не нужно, не пишите завтра", "none"),
    ],
)
def test_wish(said: str, wish: str) -> None:
    answer = reply([Message(role="user", text=f"{LOCAL_TIME}\nНовые сообщения:\n{said}")], "")
    assert answer.wish == wish
    assert answer.write_at == ("2026-11-30T11:00" if wish == "write_later" else None)


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
        ("message me in 2 weeks", "8 11:00"),
        ("Напишите завтра в 3", "25 11:00"),
        *(("get back to me in two weeks", None), ("напишите позже", None), ("завтра удобно в 15:00", None)),
    ],
)
def test_requested_time(text: str, expected: str | None) -> None:
    moment = parse_requested_time(text, NOW)
    assert (moment and f"{moment.day} {moment:%H:%M}") == expected


def test_local_time_is_read_from_the_prompt() -> None:
    assert read_local_time(f"{LOCAL_TIME}\nНовые сообщения:\nда") == NOW
    assert read_local_time("Новые сообщения:\nда") is None
