"""Templates are in the right language, and the output guard allows them."""

import re

import pytest

from shared.intents import Intent
from worker.assistant.guardrails import output_guard
from worker.dialogue import templates
from worker.domain.assistant_port import Brief

RUSSIAN = re.compile("[а-яё]", re.IGNORECASE)


@pytest.mark.parametrize(
    ("brief", "russian"),
    [
        (Brief("Анна", {"Комментарий": "Нужен сайт"}), True),
        (Brief("Anna", {"Комментарий": "Нужен сайт"}), True),
        (Brief("Анна", {"Comments": "I need a website"}), True),
        (Brief("John", {"Comments": "I need a website"}), False),
        (Brief("", {"Comments": "I need a website"}), False),
        # A Latin name alone does not show the contact's language.
        (Brief("Anna", {}), True),
        (Brief("", {}), True),
        (Brief("", {"Budget": "300000"}), True),
    ],
)
def test_greeting_is_in_the_language_of_the_request(brief: Brief, russian: bool) -> None:
    text = templates.greeting(brief, "GordovCode")
    assert bool(RUSSIAN.search(text)) is russian
    assert "GordovCode" in text
    assert brief.name in text
    assert output_guard.find_problem(text) is None
    assert output_guard.strip_markup(text) == text


def test_greeting_without_a_name_has_no_gap() -> None:
    assert templates.greeting(Brief(""), "GordovCode").startswith("Здравствуйте! ")
    assert templates.greeting(Brief("", {"q": "site"}), "GordovCode").startswith("Hello! ")


@pytest.mark.parametrize("intent", Intent)
@pytest.mark.parametrize(("language", "russian"), [("ru", True), ("en", False), ("de", False), ("", False)])
def test_every_intent_has_an_answer(intent: Intent, language: str, russian: bool) -> None:
    text = templates.answer(intent, language)
    assert bool(RUSSIAN.search(text)) is russian
    assert output_guard.find_problem(text) is None


@pytest.mark.parametrize(("language", "russian"), [("ru", True), ("en", False), ("de", False)])
def test_an_unconfirmed_person_is_only_asked_about_the_request(language: str, russian: bool) -> None:
    texts = [
        templates.neutral_greeting("Anna", "GordovCode", language),
        templates.ask_again_about_request("GordovCode", language),
        templates.follow_up_unconfirmed("GordovCode", language),
    ]
    for text in texts:
        assert bool(RUSSIAN.search(text)) is russian
        assert text.endswith("GordovCode?")
        assert not re.search("созвон|звонк|call", text)
        assert output_guard.find_problem(text) is None
    assert bool(RUSSIAN.search(templates.will_find_out(language))) is russian
    assert templates.neutral_greeting("", "GordovCode", "ru") == (
        "Здравствуйте! Вы оставляли заявку в GordovCode?"
    )
