"""The model distinguishes a yes, a no, a question and an unclear message, in both languages."""

import pytest

from sandbox.fake_openai.rule_based_model.intent import (
    classify,
    classify_confirmation,
    wants_human,
    wants_quiet,
)
from tests.sandbox.fake_openai import phrases_en, phrases_ru

TABLE = [
    (phrase, intent)
    for phrases in (phrases_ru, phrases_en)
    for intent in ("accept", "reject", "question", "ambiguous")
    for phrase in getattr(phrases, intent.upper()).strip().splitlines()
]


def test_the_table_is_large_and_without_contradictions() -> None:
    assert len(TABLE) > 150
    assert len(dict(TABLE)) == len(TABLE)


@pytest.mark.parametrize(("phrase", "intent"), TABLE)
def test_a_phrase_has_its_intent(phrase: str, intent: str) -> None:
    assert classify(phrase) == intent


@pytest.mark.parametrize(
    ("lines", "intent"),
    [
        ("Здравствуйте\nДа\nдавайте завтра", "accept"),
        ("Спасибо\nно уже не нужно", "reject"),
        ("Хорошо\nа сколько это стоит", "question"),
        ("да.давайте", "accept"),
        ("yes.sure,why not", "accept"),
        ("", "ambiguous"),
    ],
)
def test_several_lines_are_classified_together(lines: str, intent: str) -> None:
    assert classify(lines) == intent


def test_a_link_has_no_intent() -> None:
    assert classify("https://yes.example/да") == "ambiguous"


def test_a_request_for_a_human_is_recognised() -> None:
    assert wants_human("Позовите живого человека")
    assert wants_human("can I talk to a human?")
    assert not wants_human("да, давайте")


@pytest.mark.parametrize(
    ("said", "quiet"),
    [
        ("Не пишите мне больше", True),
        ("отпишите меня", True),
        ("Удалите мой номер", True),
        ("это спам", True),
        ("Please stop texting me", True),
        ("unsubscribe", True),
        ("нет, спасибо", False),
        ("уже не актуально", False),
        ("пишите", False),
        ("не надо звонить, пишите здесь", False),
        ("нет. больше не пишите", True),
        ("Удалите мой номер, откуда он у вас?", True),
    ],
)
def test_an_opt_out_is_more_than_a_no(said: str, *, quiet: bool) -> None:
    assert wants_quiet(said) is quiet


@pytest.mark.parametrize(
    ("said", "intent"),
    [
        ("да", "accept"),
        ("Да, оставляла", "accept"),
        ("это я", "accept"),
        ("Здравствуйте! Верно, я отправлял", "accept"),
        ("Да, а сколько стоит сайт?", "accept"),
        ("Yes, I did", "accept"),
        ("нет", "reject"),
        ("Нет, это не я", "reject"),
        ("Нет, а кто это?", "reject"),
        ("не оставляла", "reject"),
        ("Вы ошиблись", "reject"),
        ("It wasn't me", "reject"),
        ("wrong person", "reject"),
        ("Кто это?", "question"),
        ("What request?", "question"),
        ("хм", "ambiguous"),
        ("не помню", "ambiguous"),
    ],
)
def test_the_answer_of_an_unconfirmed_lead_has_its_intent(said: str, intent: str) -> None:
    assert classify_confirmation(said) == intent
