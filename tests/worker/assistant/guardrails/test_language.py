"""The script and the language of an answer."""

import pytest

from worker.assistant.guardrails.checks.language import (
    detect_allowed_scripts,
    is_in_scripts,
    resolve_language,
)
from worker.domain.assistant_port import Turn

RUSSIAN = [Turn(from_us=True, text="Здравствуйте! Удобно созвониться?")]
BOTH = {"latin", "cyrillic"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("да, давайте", {"cyrillic"}),
        ("Я хочу CRM на Bitrix", {"cyrillic"}),
        ("How much does it cost?", {"latin"}),
        ("can you call me tomorrow please", {"latin"}),
        ("ok", BOTH),
        ("GordovCode", BOTH),
        ("da davaite zavtra posle obeda", BOTH),
        ("👍", {"cyrillic"}),
        ("https://example.com/page", {"cyrillic"}),
        ("გამარჯობა", {"other", "latin"}),
    ],
)
def test_allowed_scripts_of_an_answer(said: str, expected: set[str]) -> None:
    assert detect_allowed_scripts(said, RUSSIAN) == expected


def test_any_script_is_allowed_if_nothing_shows_one() -> None:
    assert detect_allowed_scripts("👍", []) == frozenset()
    assert is_in_scripts("Hello", frozenset())


@pytest.mark.parametrize(
    ("claimed", "allowed", "expected"),
    [
        ("ru", {"cyrillic"}, "ru"),
        ("RU-ru", {"cyrillic"}, "ru"),
        ("uk", {"cyrillic"}, "uk"),
        ("en", {"cyrillic"}, "ru"),
        ("ru", {"latin"}, "en"),
        ("de", {"latin"}, "de"),
        ("ru", BOTH, "ru"),
        ("en", BOTH, "en"),
        ("fr", set(), "fr"),
    ],
)
def test_claimed_language_must_fit_the_scripts(claimed: str, allowed: set[str], expected: str) -> None:
    assert resolve_language(claimed, frozenset(allowed)) == expected


def test_brand_names_do_not_change_the_script() -> None:
    assert is_in_scripts("Делаем CRM, iOS и Android: подробнее на звонке", frozenset({"cyrillic"}))
    assert not is_in_scripts("We build CRM, да", frozenset({"cyrillic"}))
    assert is_in_scripts("15:30?", frozenset({"cyrillic"}))
