"""Tests which notes in Saved Messages are commands and which are ignored."""

import pytest

from shared.translations import Language
from worker.notifications import texts
from worker.notifications.commands.command_parser import Command, parse, parse_reply, render


@pytest.mark.parametrize(
    ("note", "expected"),
    [
        ("17 беру", Command("take", 17, "", "ru")),
        (" #17 Take! ", Command("take", 17, "", "en")),
        ("17 верни", Command("release", 17, "", "ru")),
        ("17 release", Command("release", 17, "", "en")),
        ("17: Добрый день!\nЭто Мария", Command("reply", 17, "Добрый день!\nЭто Мария", "ru")),
        ("17:hello", Command("reply", 17, "hello", "en")),
        ("Статус", Command("status", 0, "", "ru")),
        ("help", Command("help", 0, "", "en")),
        ("Пауза", Command("pause", 0, "", "ru")),
        ("пауза всё!", Command("pause_all", 0, "", "ru")),
        ("Pause  all", Command("pause_all", 0, "", "en")),
        ("продолжай", Command("resume", 0, "", "ru")),
        ("resume", Command("resume", 0, "", "en")),
        ("17 одобряю", Command("approve", 17, "", "ru")),
        ("17 approve", Command("approve", 17, "", "en")),
    ],
)
def test_command_is_parsed(note: str, expected: Command) -> None:
    assert parse(note) == expected


@pytest.mark.parametrize(
    "note",
    [
        *("", "17", "17:", "беру", "take 17", "17 status", "17 молока", "17 беру молоко", "купить 17: хлеб"),
        *(
            "помощь нужна",
            "пауза в делах",
            "пауза 17",
            "сделай паузу",
            "одобряю",
            "1234567890123456789: слишком длинный номер",
            "17беру",
            "-17 беру",
        ),
    ],
)
def test_other_note_is_not_a_command(note: str) -> None:
    assert parse(note) is None


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    ("template", "values"),
    [
        *(
            (template, {"lead": 17})
            for template in ("take", "release", "reply", "approve", "no_draft", "unknown", "not_text")
        ),
        ("refused", {"lead": 17, "reason": "no"}),
        ("status", {"leads": "new 1", "taken": "17", "queued": 1, "unanswered": 2}),
        *((template, {}) for template in ("help", "pause", "pause_all", "resume", "no_pause", "paused")),
    ],
)
def test_answer_does_not_parse_as_a_command(language: str, template: str, values: dict) -> None:
    assert parse(render(language, template, **values)) is None


@pytest.mark.parametrize("language", ["ru", "en"])
def test_notice_does_not_parse_as_a_command(language: Language) -> None:
    templates = ("scheduled", "handed_off", "limited", "needs_login", "banned", "model", "summary", "refused")
    names = ("account", "day", "leads", "scheduled", "taken", "unanswered", "reason", "more")
    values = dict.fromkeys((*names, "count", "calls", "sources", "delivery"), "1")
    for template in templates:
        assert parse(texts.render_line(language, template, lead=17, name="x", **values)) is None


@pytest.mark.parametrize(
    ("words", "asks", "action"),
    [
        ("беру", False, "take"),
        ("ок, беру", False, "unclear"),
        ("не одобряю, перепиши", True, "unclear"),
        ("спасибо большое", False, "unclear"),
        ("записан пятница 15:00", False, "booked"),
        ("не записан", True, "not_booked"),
        ("Да", True, "reply"),
        ("Добрый день! Это Ольга, директор. Чем могу помочь?", False, "reply"),
        ("Беру на себя вашу задачу и завтра пришлю смету", False, "unclear"),
        ("Завтра пришлю смету, дальше решим вместе с вами", False, "reply"),
    ],
)
def test_words_to_us_are_not_sent_to_the_person(words: str, asks: bool, action: str) -> None:
    command = parse_reply(words, 17, "ru", has_more=False, asks=asks)
    assert (command.action, command.lead) == (action, 17)


@pytest.mark.parametrize("note", ["17:30 позвонить Анне", "1:1 встреча", "2:0 в пользу наших"])
def test_times_and_scores_are_no_words_for_a_lead(note: str) -> None:
    assert parse(note) is None
