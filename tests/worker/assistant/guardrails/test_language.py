"""In which letters a person is answered."""

import pytest

from worker.assistant.guardrails.language import answer_language, scripts_for, speaks
from worker.domain.assistant_port import Turn

RUSSIAN = [Turn(ours=True, text="Здравствуйте! Удобно созвониться?")]
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
def test_the_letters_of_an_answer(said: str, expected: set[str]) -> None:
    assert scripts_for(said, RUSSIAN) == expected


def test_with_nothing_to_tell_by_anything_goes() -> None:
    assert scripts_for("👍", []) == frozenset()
    assert speaks("Hello", frozenset())


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
def test_the_models_word_is_held_against_the_letters(claimed: str, allowed: set[str], expected: str) -> None:
    assert answer_language(claimed, frozenset(allowed)) == expected


def test_brands_do_not_change_a_language() -> None:
    assert speaks("Делаем CRM, iOS и Android: подробнее на звонке", frozenset({"cyrillic"}))
    assert not speaks("We build CRM, да", frozenset({"cyrillic"}))
    assert speaks("15:30?", frozenset({"cyrillic"}))
