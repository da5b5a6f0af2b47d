"""The catalogue of texts is compiled, complete, and keeps the gaps of each text."""

import gettext
import re
from typing import get_args

import pytest
from babel.messages.pofile import read_po

from shared.errors import ConfigError
from shared.localized_messages import in_language, joined, sentence
from shared.statuses import LeadStatus
from shared.translations import DOMAIN, FOLDER, TEMPLATES, Language, name_of_status, translate_reason
from tests.shared.command_texts import printed_texts
from tests.shared.reasons import stored_reasons

# Their gaps take words of our own: each whole sentence is in the catalogue.
PARTS_ARE_TRANSLATED = {"@7: 7", "it contains 7", "the same person's conversation is 7 as lead 7"}
# Nothing but gaps, names and files.
NO_WORDS = {"--file: {file}: {why}", "ASSISTANT_CONFIG: 7: 7", "{fault} ({purpose})", "{reason} ({said})"}
LANGUAGES: tuple[Language, ...] = get_args(Language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogue_is_the_one_that_people_edit(language: Language) -> None:
    folder = FOLDER / language / "LC_MESSAGES"
    with (folder / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = gettext.translation(DOMAIN, FOLDER, languages=[language])
    for message in catalogue:
        if message.id:
            assert message.string, message.id
            is_named = message.context is not None
            found = (
                compiled.pgettext(message.context, message.id) if is_named else compiled.gettext(message.id)
            )
            assert found == message.string, "make texts"
            gaps = [sorted(re.findall(r"\{\w+[^{}]*\}", str(text))) for text in (message.id, message.string)]
            assert gaps[0] == gaps[1], message.id
    assert {one.id for one in catalogue if one.context == "status"} == {str(one) for one in LeadStatus}
    reasons = {one.id for one in catalogue if one.context is None}
    assert language == "en" or set(TEMPLATES) <= reasons


def test_names_and_reasons_in_the_owners_language() -> None:
    assert [name_of_status(language, LeadStatus.NO_REPLY) for language in LANGUAGES] == [
        "не ответил",
        "no reply",
    ]
    assert name_of_status("ru", "a status of a newer program") == "a status of a newer program"
    assert translate_reason("ru", "@anna: nobody has this username; no phone was given") == (
        "@anna: такого имени в Telegram нет; телефона в заявке нет"
    )
    assert translate_reason("ru", "@anna: nobody has this username; +7…67: no phone was given") == (
        "@anna: такого имени в Telegram нет; +7…67: телефона в заявке нет"
    )
    assert translate_reason("ru", "the lead is engaged: no human has it") == (
        "разговор не у человека (разговор идёт)"
    )
    assert translate_reason("ru", "Телефон: no phone was given") == "Телефон: телефона в заявке нет"
    assert translate_reason("ru", None) == ""


def test_reasons_of_the_program_have_a_russian_text() -> None:
    reasons = stored_reasons()
    assert len(reasons) >= 100
    assert {reason for reason in reasons if translate_reason("ru", reason) == reason} == PARTS_ARE_TRANSLATED


def test_texts_of_commands_have_a_russian_text() -> None:
    texts = printed_texts()
    assert len(texts) >= 280
    assert {text for text in texts if translate_reason("ru", text) == text} == NO_WORDS


def test_a_sentence_is_said_in_both_languages() -> None:
    fault = joined(": ", ["API_PORT", sentence("must be at most {limit}", limit=65_535)])
    whole = sentence(
        "{fault} ({purpose})", fault=fault, purpose="the port to listen on: 0 takes any free one"
    )
    assert whole == "API_PORT: must be at most 65535 (the port to listen on: 0 takes any free one)"
    assert in_language("ru", ConfigError(whole)) == (
        "API_PORT: должно быть не больше 65535 (порт API: 0 = любой свободный)"
    )
    assert in_language("ru", ConfigError("API_TOKEN: is empty")) == "API_TOKEN: пусто"


@pytest.mark.parametrize(
    ("reason", "russian"),
    [
        (
            "found by phone; weak evidence: field «Контакт»",
            "найден по телефону; признак слабый: поле «Контакт»",
        ),
        ("Telegram restricts this account (X_LIMITED)", "Telegram ограничил аккаунт (X_LIMITED)"),
        ("the lead is booked", "сейчас лид: записан"),
        (
            "the message is cancelled: the person wrote",
            "сообщение уже не черновик (отменено): человек написал",
        ),
    ],
)
def test_parts_of_a_reason_are_translated(reason: str, russian: str) -> None:
    assert translate_reason("ru", reason) == russian
