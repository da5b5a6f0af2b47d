"""Statuses, reasons and other words in the owner's language: the catalogue of gettext in `locale/`.

The catalogue is used by notices, commands, the command line and the console. Reasons are stored in English.
One without a translation, such as a provider's own sentence, stays as it is. After a change of a `.po` file,
`make texts` compiles it.
"""

import re
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Literal

Language = Literal["ru", "en"]

DOMAIN, FOLDER = "leads", Path(__file__).parent / "locale"
_STATUS = "status"

# Reasons with gaps: {…} stands for any words. They are translated too, if they are a reason themselves.
TEMPLATES = (
    "this is {what}",
    "they take {price}Telegram Stars for messages from strangers (MAX_STARS_PER_MESSAGE)",
    "on the do-not-contact list: {why}",
    "the same person's conversation is open as lead {lead}",
    "the same person's conversation is with a human as lead {lead}",
    "after {number} attempts: {why}",
    "its worker was lost {number} times in a row",
    "the lead is {status}: there is no conversation to take over",
    "the lead is {status}: no human has it",
    "the lead is {status}",
    "there is no lead {lead}",
    "a {status} lead cannot become {target}",
    "the message is {state}",
    "the message is {state}: {why}",
    "weak evidence: field «{field}»",
    "its Telegram account is lost: {why}",
    "keeping the pace of {method}",
    "Calendly answers {status}: {why}",
    "Calendly is not reached: {why}",
    "Telegram refused: {why}",
    "Telegram is in trouble: {why}",
    "the model refused the request: {why}",
    "the model refused to answer: {why}",
    "the model's answer was withheld by the provider's filter: {why}",
    "the model cannot be reached: {why}",
    "Telegram asks to wait {seconds} s before {method}",
    "Telegram asks to wait {seconds} s",
    "a phone number or a Telegram username is needed, and no field holds one; fields seen:"
    " {fields}. Name a field Phone or Telegram, or map it in TILDA_FIELDS",
    "this is neither a phone number that can be dialled nor a Telegram username; fields seen: {fields}",
    "the form has more than {number} fields",
    "the call has more than {number} people: import them as a CSV file",
    "the body is over {number} KiB",
    "{why}. The body is no valid JSON: {problem}",
    "the model's answer cannot be stored: {why}",
    "the lead is {status}: only an unreachable or failed one is tried again",
    "Telegram does not answer: {why}",
    "this machine's clock is {amount} ahead of Telegram's",
    "this machine's clock is {amount} behind Telegram's",
    "this machine's clock is {amount} ahead of the database's",
    "this machine's clock is {amount} behind the database's",
    "{number} MB free in {folder}",
    "{path} is not there",
    "{path} is not signed in",
    "{path} is damaged",
    "{path} is in use by another process",
    "alive, {state}",
    "{number} s",
    "{number} days",
    "Why: {why}",
    "… {number} earlier",
)
# `@anna: ` or `+7…67: ` before a reason names the contact, `API_TOKEN: ` the setting; ` (…)` after it quotes
# another source.
_CONTACT = re.compile(r"(@\w+|\+?[\d…*]+|[A-Z]+(?:_[A-Z]+)+): (.+)", re.DOTALL)
_GAP = re.compile(r"(\{\w+\})")
_QUOTE = re.compile(r"([^;]+?) (\([^;]+\))")


def say(language: Language, text: str, **values: object) -> str:
    """Return an English text of the program in the owner's language, with its `{…}` filled in."""
    return _catalogue(language).gettext(text).format(**values)


def name_of_status(language: Language, status: object) -> str:
    """Return a status in plain words; a status of a newer program stays as it is."""
    return _catalogue(language).pgettext(_STATUS, str(status))


def translate_reason(language: Language, reason: str | None) -> str:
    """Return a stored reason in the owner's language; parts without a translation stay as they are."""
    if language == "en" or not reason:
        return reason or ""
    return _translate(language, reason.strip())


def translate_summary(language: Language, summary: str | None) -> str:
    """Return the summary of a conversation with our own lines in the owner's language, others as they are."""
    lines = (summary or "").splitlines()
    ours = ("Why: ", "Not confirmed: ", "… ")
    return "\n".join(translate_reason(language, line) if line.startswith(ours) else line for line in lines)


def _translate(language: Language, reason: str) -> str:
    if not reason:
        return reason
    if (whole := _translate_whole(language, reason)) is not None:
        return whole
    if (quote := _QUOTE.fullmatch(reason)) and (ours := _translate_whole(language, quote[1])) is not None:
        return f"{ours} {quote[2]}"
    if contact := _CONTACT.fullmatch(reason):
        return f"{contact[1]}: {_translate(language, contact[2])}"
    # The name of a form's field stands before what is wrong with it.
    field, colon, fault = reason.partition(": ")
    if colon and ";" not in field and (ours := _translate_whole(language, fault)) is not None:
        return f"{field}: {ours}"
    first, separator, rest = reason.partition("; ")
    return f"{_translate(language, first)}; {_translate(language, rest)}" if separator else reason


def _translate_whole(language: Language, reason: str) -> str | None:
    for known in (name_of_status(language, reason), _catalogue(language).gettext(reason)):
        if known != reason:
            return known
    for pattern, template in _patterns():
        if (match := pattern.fullmatch(reason)) is not None:
            gaps = match.groupdict().items()
            values = {name: _translate(language, part) if part.strip() else part for name, part in gaps}
            return say(language, template, **values)
    return None


@cache
def _catalogue(language: Language) -> NullTranslations:
    return translation(DOMAIN, FOLDER, languages=[language])


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return the templates as patterns, those with the most words of their own first."""
    ordered = sorted(TEMPLATES, key=lambda one: len(_GAP.sub("", one)), reverse=True)
    return [(_pattern(template), template) for template in ordered]


def _pattern(template: str) -> re.Pattern[str]:
    parts = _GAP.split(template)
    return re.compile(
        "".join(f"(?P<{part[1:-1]}>[^;]*?)" if part.startswith("{") else re.escape(part) for part in parts)
    )
