"""Marks in stored texts: how they are made, and what of them a contact says."""

import pytest

from worker.domain import content_markers


def test_a_mark_has_no_brackets_and_no_line_breaks() -> None:
    assert content_markers.mark("file", "смета [v2]\n2026.xlsx") == "[file: смета (v2) 2026.xlsx]"
    assert content_markers.mark("poll", "Когда?", "", None, "Завтра") == "[poll: Когда? / Завтра]"
    assert content_markers.mark("photo") == content_markers.mark("photo", None, "\0") == "[photo]"
    assert len(content_markers.mark("file", "x" * 5000)) < 250


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Удобно созвониться?", "Удобно созвониться?"),
        ("[photo] вот", "(photo) вот"),
        ("Ссылка: https://calendly.com/x", "Ссылка: …"),
        # The question at the end is what people answer.
        (f"Здравствуйте! {'Расскажу о нас. ' * 20}Удобно созвониться?", "… Расскажу о нас. "),
        ("а" * 500, "… "),
    ],
)
def test_an_excerpt(text: str, expected: str) -> None:
    found = content_markers.excerpt(text)
    assert found.startswith(expected)
    assert len(found) <= 130
    assert found.endswith(text[-5:]) or len(text) < 60


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Да", "Да"),
        ("[reaction 👍 to “Удобно?”]", "👍"),
        ("[reaction 👍 ❤ to “Удобно?”]", "👍 ❤"),
        ("[reaction 👎]", "👎"),
        ("[reply to “Завтра в 15:00?”] Да", "Да"),
        ("[reply to a story] Класс", "Класс"),
        ("[reply to “Можно голосом?”] [voice message]", "[voice message]"),
        ("[file: позвоните завтра.pdf] вот", "вот"),
        ("[photo] вот", "[photo] вот"),
        ("[forwarded from Пётр] Да, давайте", ""),
        ("[forwarded] [voice] да\nзвоните", ""),
        ("[reply to “Удобно?”] [forwarded from Пётр] да", ""),
        ("Вот [forwarded] письмо", "Вот [forwarded] письмо"),
        ("[sticker 👍]", "[sticker 👍]"),
        ("[10:30] подойдёт", "[10:30] подойдёт"),
        ("[reaction 👍 to “Раз”]\nи ещё", "👍\nи ещё"),
    ],
)
def test_what_a_contact_says(text: str, expected: str) -> None:
    assert content_markers.own_words(text) == expected


def test_only_reactions() -> None:
    assert content_markers.is_only_reactions("[reaction 👎 to “Удобно?”]")
    assert not content_markers.is_only_reactions("[reaction 👎 to “Удобно?”] нет")
    assert not content_markers.is_only_reactions("[photo]")
