"""Pure: whether what a text says of numbers, prices, names and promises has been said before it."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from worker.assistant.guardrails import numbers
from worker.assistant.guardrails.text_normalization import search_form

# Days that a person may mean by "tomorrow" or "on Friday".
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
# What follows a word of price in its sentence, or is said to be one: no price but the company's own.
_PRICED = re.compile(
    r"\b(?:сто(?:ит|ить|имост\w+|ят)|цен\w+|обойд\w+|сдела\w+ за|\w*ложимся в|cost\w*|"
    r"price\w*)\b[^.!?…\n]*(?:[.,]\d[^.!?…\n]*)*"
    r"|\d[\d\s.,]*\w*\W{0,3}[—–:-]?\s?(?:это )?(?:наша |ваша )?(?:цена|стоимость|price)\b"
)
# What binds the company: only if its own description has the word.
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
# The description is read again at every turn.
_lower = lru_cache(maxsize=8)(search_form)
_OWN_NAME = re.compile(r"\bменя зовут (\w+)|\bmy name is (\w+)|\bэто (\w+) из\b", re.IGNORECASE)


@dataclass(frozen=True)
class GroundingSource:
    """What an answer may rest on: the company's description, both sides' words, the person's clock."""

    company: str
    ours: str = ""
    theirs: str = ""
    local_time: datetime | None = None


def problem(text: str, ground: GroundingSource) -> str | None:
    """What a text says of its own; None if nothing."""
    said = _without_near_days(search_form(text), ground.local_time)
    own = numbers.read(ground.company) | numbers.read(ground.ours)
    if not (own | numbers.read(ground.theirs)).support(numbers.read(said)):
        return "it names a number that is neither in the description nor in the conversation"
    for priced in _PRICED.findall(said):
        if not own.support(numbers.read(priced)):
            return "it names a price that is not in the description"
    return _promise(said, ground) or _name(text, ground)


def _promise(said: str, ground: GroundingSource) -> str | None:
    for promise, backing in _PROMISES:
        if promise.search(said) and not backing.search(_lower(ground.company)):
            return "it promises what is not in the description"
    return None


def _name(text: str, ground: GroundingSource) -> str | None:
    for found in _OWN_NAME.finditer(text):
        name = next(group for group in found.groups() if group)
        if not any(
            search_form(name) in known for known in (_lower(ground.company), search_form(ground.ours))
        ):
            return "it gives itself a name"
    return None


def _without_near_days(said: str, now: datetime | None) -> str:
    """Without "25 ноября" where that is one of the days just ahead."""
    if now is None:
        return said
    for day in (now + timedelta(days=ahead) for ahead in range(_NEAR_DAYS)):
        month = rf"(?:{_MONTHS[day.month - 1]}|{_ENGLISH_MONTHS[day.month - 1]})\w*"
        said = re.sub(
            rf"(?<!\d)0?{day.day}(?:-?(?:го|е|th|st|nd|rd))? {month}|{month} {day.day}\b", " ", said
        )
    return said
