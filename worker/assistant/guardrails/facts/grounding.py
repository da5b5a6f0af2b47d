"""Checks that numbers, prices, names and promises come from the profile or the conversation. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from worker.assistant.guardrails.facts import numbers, terms
from worker.assistant.guardrails.facts.numbers import Numbers
from worker.assistant.guardrails.facts.spoken_times import clock_times, spoken_times
from worker.assistant.guardrails.text_normalization import search_form
from worker.domain.wording.months import ENGLISH_MONTH_STEMS, MONTH_NAMES, MONTH_STEMS

# Days from today that "tomorrow" or "on Friday" may mean.
_NEAR_DAYS = 8
# The part of a sentence that states a price: only the company's own prices are allowed in it.
_PRICED = re.compile(
    r"\b(?:сто(?:ит|ить|имост\w{1,3}|ят)|цен\w{1,3}|обойд\w{1,5}|сдела(?:ем|ю|ют|л|ли) за|(?:вы"
    r"|у)?ложимся в|costs?"
    r"|prices?|priced)\b[^.!?…\n]{0,200}(?:[.,]\d[^.!?…\n]{0,200}){0,9}"
    r"|(?<![\d.,])\d{1,9}(?:[\s.,]\d{1,9}){0,3}\s?[^\W\d]{0,12}\W{0,3}\s?(?:это )?(?:наша |ваша )?(?:цена"
    r"|стоимость|price)\b"
)
# Cached: every turn checks the same company profile.
_cached_spoken_times = lru_cache(maxsize=8)(spoken_times)
_cached_clock_times = lru_cache(maxsize=8)(clock_times)
# "A couple of minutes" of a call, "a couple of questions": no figure is meant.
_A_MOMENT = re.compile(
    r"(?<!за )(?<!через )\bпар[аоуы]\w? (?:минут|слов|вопрос|фраз|детал)\w*"
    r"|(?<!within )(?<!in )\ba couple (?:of )?(?:minutes|words|questions|details)\b"
)
_DEPENDS = re.compile(r"\bзавис\w{2,3} от\b|\bdepends? on\b")
# The name of an account somewhere, or of a variable: in a sentence no word has an underscore.
_ACCOUNT_NAME = re.compile(r"(?<![\w.])[A-Za-z][A-Za-z0-9]{1,30}_[A-Za-z0-9_]{2,40}\b")
_MONTHS = tuple(re.compile(pattern) for pattern in MONTH_NAMES)
# A price that the text declines to name is not stated.
_DECLINES = re.compile(
    r"\b(?:назвать|обеща\w+|подтвердить|гарантировать|сказать|promise|confirm"
    r"|name)\b[^.!?…\n]{0,60}\bне (?:могу|смогу"
    r"|можем|сможем|буду|готов\w*)\b|\bне (?:могу|смогу|можем|сможем|буду|готов\w*) (?:назвать|обещать"
    r"|подтвердить"
    r"|гарантировать|сказать)\b|\b(?:can'?t|cannot|can not|won'?t) (?:promise|confirm|name|say)\b"
)


@dataclass(frozen=True)
class GroundingSource:
    """The facts that a text may use: company profile, both sides' texts, the contact's local time."""

    company: str
    own_messages: str = ""
    contact_texts: str = ""
    local_time: datetime | None = None


def find_problem(text: str, source: GroundingSource) -> str | None:
    """Return why the text is not grounded in the source; None if it is."""
    plain = _A_MOMENT.sub(" ", numbers.without_list_markers(search_form(text)))
    normalized = _without_near_days(plain, source.local_time)
    own = numbers.extract_numbers(source.company) | numbers.extract_numbers(source.own_messages)
    said = numbers.extract_numbers(source.contact_texts) | numbers.approximate(source.contact_texts)
    times = _cached_spoken_times(f"{source.contact_texts}\n{source.own_messages}")
    times |= _cached_clock_times(source.company)
    known = own | said | Numbers(frozenset(), times, frozenset(), frozenset())
    if not known.covers(numbers.extract_numbers(normalized)):
        return "it names a number that is neither in the description nor in the conversation"
    if not _has_months(source, normalized):
        return "it names a month that is neither in the description nor in the conversation"
    for priced in _PRICED.finditer(normalized):
        if _DECLINES.search(_sentence_around(normalized, priced)):
            continue
        is_open = _DEPENDS.search(priced[0]) is not None
        stated = numbers.only_money(priced[0]) if is_open else numbers.without_quantities(priced[0])
        if not own.covers(numbers.extract_numbers(stated)):
            return "it names a price that is not in the description"
    sources = f"{source.company}\n{source.own_messages}\n{source.contact_texts}".lower()
    if any(found[0].lower() not in sources for found in _ACCOUNT_NAME.finditer(text)):
        return "it names an account that is neither in the description nor in the conversation"
    return terms.find_problem(text, source.company)


def _has_months(source: GroundingSource, text: str) -> bool:
    """Return True if each month of the text stands in a source, or is the current or the next one."""
    named = _months_of(text)
    if not named:
        return True
    known = _months_of(f"{source.company}\n{source.own_messages}\n{source.contact_texts}")
    if source.local_time is not None:
        month = source.local_time.month - 1
        known |= {month, (month + 1) % 12}
    return named <= known


def _months_of(text: str) -> frozenset[int]:
    form = search_form(text)
    return frozenset(number for number, month in enumerate(_MONTHS) if month.search(form))


def _sentence_around(text: str, found: re.Match[str]) -> str:
    before = re.split(r"[.!?…\n]", text[max(found.start() - 80, 0) : found.start()])[-1]
    after = re.split(r"[!?…\n]", text[found.start() : found.end() + 80])[0]
    return f"{before}{after}"


def _without_near_days(text: str, now: datetime | None) -> str:
    """Remove dates such as "25 ноября" that are today or in the next 7 days."""
    if now is None:
        return text
    for day in (now + timedelta(days=ahead) for ahead in range(_NEAR_DAYS)):
        month = rf"(?:{MONTH_STEMS[day.month - 1]}|{ENGLISH_MONTH_STEMS[day.month - 1]})\w*"
        text = re.sub(
            rf"(?<!\d)0?{day.day}(?:-?(?:го|е|th|st|nd|rd))? {month}|{month} {day.day}\b", " ", text
        )
    return text
