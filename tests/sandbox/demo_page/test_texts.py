"""The texts of the demo page, and the forms that its website sends."""

import json
import string
from urllib.parse import parse_qs

import pytest

from sandbox.demo_page import forms
from sandbox.demo_page.texts import choose_language, texts_in
from sandbox.fake_telegram.state.people import Person
from shared.translations import translate_reason

PERSON = Person(id=1, name="Анна", last_name="Смирнова", username="anna_s", phone="79161234567")


def test_both_languages_have_the_same_texts_with_the_same_values() -> None:
    russian, english = texts_in("ru"), texts_in("en")
    keys = russian.keys()
    assert keys == english.keys()

    def names(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert [key for key in keys if names(russian.raw(key)) != names(english.raw(key))] == []


@pytest.mark.parametrize(
    ("wishes", "language"),
    [((None, "ru-RU,ru;q=0.9"), "ru"), (("en", "ru"), "en"), (("xx", None, "de, ru"), "ru"), ((None,), "en")],
)
def test_the_first_known_language_is_chosen(wishes: tuple[str | None, ...], language: str) -> None:
    assert choose_language(*wishes) == language


@pytest.mark.parametrize(
    "reason",
    [
        "they have blocked this account",
        "@anna_k: this is no username that Telegram allows; no phone was given",
        "@anna_k: nobody has this username; +7…67: no Telegram account can be found by this phone",
        "a phone number or a Telegram username is needed, and no field holds one; fields seen: Name, Email."
        " Name a field Phone or Telegram, or map it in TILDA_FIELDS",
        "this is neither a phone number that can be dialled nor a Telegram username; fields seen: Name",
    ],
)
def test_reasons_are_worded_as_in_the_console(reason: str) -> None:
    for language in ("ru", "en"):
        assert texts_in(language).reason(reason) == translate_reason(language, reason)
    assert texts_in("ru").reason(reason) != reason


@pytest.mark.parametrize("kind", forms.KINDS)
@pytest.mark.parametrize("language", ["ru", "en"])
def test_each_form_is_filled_in_and_sent(kind: str, language: str) -> None:
    fields = forms.sample(kind, PERSON, texts_in(language))
    values = {field["name"]: field["value"] for field in fields}
    assert all(values.values())
    assert all(field["label"] for field in fields)
    call = forms.outgoing(kind, values, "17")
    sent = json.loads(call.body) if "json" in call.content_type else parse_qs(call.body.decode())
    assert values["wish"] in json.dumps(sent, ensure_ascii=False)
