"""Checks that numbers, prices, names and promises come from the profile or the conversation. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from worker.assistant.guardrails import numbers
from worker.assistant.guardrails.text_normalization import search_form

# Days from today that "tomorrow" or "on Friday" may mean.
_NEAR_DAYS = 8
_MONTHS = (
    "январ",
    "феврал",
    "март",
    "апрел",
    "ма",
    "июн",
    "июл",
    "август",
    "сентябр",
    "октябр",
    "ноябр",
    "декабр",
)
_ENGLISH_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# The part of a sentence that states a price: only the company's own prices are allowed in it.
_PRICED = re.compile(
    r"\b(?:сто(?:ит|ить|имост\w+|ят)|цен\w+|обойд\w+|сдела\w+ за|\w*ложимся в|cost\w*|"
    r"price\w*)\b[^.!?…\n]*(?:[.,]\d[^.!?…\n]*)*"
    r"|\d[\d\s.,]*\w*\W{0,3}[—–:-]?\s?(?:это )?(?:наша |ваша )?(?:цена|стоимость|price)\b"
)
# A promise, and the pattern that the company profile must contain for it.
_PROMISES = (
    (re.compile(r"\bгарантиру\w+|\bпод гарантию\b|\bguarantee\b"), re.compile(r"гарант|guarant|warrant")),
    (re.compile(r"\bобеща(?:ем|ю)\b|\b(?:i|we) promise\b"), re.compile(r"обеща|promis")),
    (
        re.compile(
            r"\b(?:сдела\w+|дад\w+|да[её]м|предостав\w+|получите|действует|give you|"
            r"get) (?:\w+ ){0,3}(?:скидк|discount)"
        ),
        re.compile(r"скидк|discount"),
    ),
    (
        re.compile(r"\bбесплатн\w+|\bза наш сч[её]т\b|\bfree of charge\b|\bfor free\b"),
        re.compile(r"бесплатн|\bfree\b"),
    ),
    (
        re.compile(r"\b(?:верн[её]м|возвраща\w+) (?:\w+ ){0,2}(?:деньги|оплату|средства)|\brefund\b"),
        re.compile(r"возврат|вернем|refund"),
    ),
)
# Cached: every turn checks the same company profile.
_cached_search_form = lru_cache(maxsize=8)(search_form)
_OWN_NAME = re.compile(r"\bменя зовут (\w+)|\bmy name is (\w+)|\bэто (\w+) из\b", re.IGNORECASE)


@dataclass(frozen=True)
class GroundingSource:
    """The facts that a text may use: company profile, both sides' texts, the contact's local time."""

    company: str
    own_messages: str = ""
    contact_texts: str = ""
    local_time: datetime | None = None


def find_problem(text: str, source: GroundingSource) -> str | None:
    """Return why the text is not grounded in the source; None if it is."""
    normalized = _without_near_days(search_form(text), source.local_time)
    own = numbers.extract_numbers(source.company) | numbers.extract_numbers(source.own_messages)
    if not (own | numbers.extract_numbers(source.contact_texts)).covers(numbers.extract_numbers(normalized)):
        return "it names a number that is neither in the description nor in the conversation"
    for priced in _PRICED.findall(normalized):
        if not own.covers(numbers.extract_numbers(priced)):
            return "it names a price that is not in the description"
    return _promise_problem(normalized, source) or _name_problem(text, source)


def _promise_problem(normalized: str, source: GroundingSource) -> str | None:
    for promise, backing in _PROMISES:
        if promise.search(normalized) and not backing.search(_cached_search_form(source.company)):
            return "it makes a promise that is not in the description"
    return None


def _name_problem(text: str, source: GroundingSource) -> str | None:
    for found in _OWN_NAME.finditer(text):
        name = next(group for group in found.groups() if group)
        if not any(
            search_form(name) in known
            for known in (_cached_search_form(source.company), search_form(source.own_messages))
        ):
            return "it gives itself a name"
    return None


def _without_near_days(text: str, now: datetime | None) -> str:
    """Remove dates such as "25 ноября" that are today or in the next 7 days."""
    if now is None:
        return text
    for day in (now + timedelta(days=ahead) for ahead in range(_NEAR_DAYS)):
        month = rf"(?:{_MONTHS[day.month - 1]}|{_ENGLISH_MONTHS[day.month - 1]})\w*"
        text = re.sub(
            rf"(?<!\d)0?{day.day}(?:-?(?:го|е|th|st|nd|rd))? {month}|{month} {day.day}\b", " ", text
        )
    return text
