"""What in Saved Messages is a command, and what is the owner's own business."""

import pytest

from worker.notifications.command_parser import Command, parse, render


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
    ],
)
def test_a_command(note: str, expected: Command) -> None:
    assert parse(note) == expected


@pytest.mark.parametrize(
    "note",
    [
        *("", "17", "17:", "беру", "take 17", "17 status", "17 молока", "17 беру молоко", "купить 17: хлеб"),
        *("помощь нужна", "1234567890123456789: слишком длинный номер", "17беру", "-17 беру"),
    ],
)
def test_the_owners_own_business(note: str) -> None:
    assert parse(note) is None


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize(
    ("what", "values"),
    [
        *((what, {"lead": 17}) for what in ("take", "release", "reply", "unknown")),
        ("refused", {"lead": 17, "why": "no"}),
        ("status", {"leads": "new 1", "taken": "17", "queued": 1, "unanswered": 2}),
        ("help", {}),
    ],
)
def test_no_answer_is_a_command(language: str, what: str, values: dict) -> None:
    assert parse(render(language, what, **values)) is None
