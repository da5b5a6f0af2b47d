"""Checks that numbers, prices, names and promises come from the profile or the conversation. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from worker.assistant.guardrails.facts import numbers
from worker.assistant.guardrails.facts.numbers import Numbers
from worker.assistant.guardrails.facts.spoken_times import spoken_times
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
    r"\b(?:сто(?:ит|ить|имост\w{1,3}|ят)|цен\w{1,3}|обойд\w{1,5}|сдела(?:ем|ю|ют|л|ли) за|(?:вы"
    r"|у)?ложимся в|costs?"
    r"|prices?|priced)\b[^.!?…\n]{0,200}(?:[.,]\d[^.!?…\n]{0,200}){0,9}"
    r"|(?<![\d.,])\d{1,9}(?:[\s.,]\d{1,9}){0,3}\s?[^\W\d]{0,12}\W{0,3}\s?(?:это )?(?:наша |ваша )?(?:цена"
    r"|стоимость|price)\b"
)
# A promise, and the pattern that the company profile must contain for it.
_PROMISES = (
    (
        re.compile(
            r"(?<!не )\bгарантиру\w+|\bпод гарантию\b|\bguarantee\b"
            r"|\b(?:даем|дадим|предоставля\w+|есть|имеется|включена) (?:\w+ ){0,2}гаранти[яюи]\b"
        ),
        re.compile(r"гарант|guarant|warrant"),
    ),
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
_cached_spoken_times = lru_cache(maxsize=8)(spoken_times)
# "A couple of minutes" of a call, "a couple of questions": no figure is meant.
_A_MOMENT = re.compile(
    r"(?<!за )(?<!через )\bпар[аоуы]\w? (?:минут|слов|вопрос|фраз|детал)\w*"
    r"|(?<!within )(?<!in )\ba couple (?:of )?(?:minutes|words|questions|details)\b"
)
# Work that is promised for nothing must be free by the description, in a line that names it.
_OFFERED = (
    r"месяц|год|поддержк|доставк|установк|дизайн|логотип|замер|сним|домен|хостинг|обучени|настройк|правк"
    r"|доработк|аудит"
    r"|прототип|макет|выезд|диагностик|осмотр|чистк|проект|смет|расчет|монтаж|сборк|support|delivery|design"
    r"|month|logo"
)
_FREE_WORK = re.compile(
    r"\b(?:сдела|разработа|приед|установ|достав|добав|подар|почин|привез|настро|подготов|нарису|сниме|пришл"
    r"|отправ)"
    r"(?:ем|ю|им|лю|им|у)\b[^.!?…\n]{0,60}\b(?:бесплатно|в подарок|даром)\b"
    r"|\b(?:бесплатно|в подарок|даром)\b[^.!?…\n]{0,60}\b(?:сдела|разработа|приед|установ|достав|добав"
    r"|подар|почин"
    r"|привез|настро|подготов|нарису)(?:ем|ю|им|лю)\b"
    rf"|\b(?:{_OFFERED})\w*\b[^.!?…\n,]{{0,40}}\b(?:бесплатн\w+|в подарок|даром|free of charge|for free)\b"
    rf"|\b(?:бесплатн\w+|в подарок) (?:\w+ )?(?:{_OFFERED})\w*\b"
    r"|\b(?:we|i)(?:'ll| will) [^.!?…\n]{0,60}\b(?:for free|free of charge)\b"
)
_NOUN = re.compile(r"[^\W\d_]{4,}")
_NOUN_STEM = 4
_DEPENDS = re.compile(r"\bзавис\w{2,3} от\b|\bdepends? on\b")
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
    known = own | said | Numbers(frozenset(), times, frozenset(), frozenset())
    if not known.covers(numbers.extract_numbers(normalized)):
        return "it names a number that is neither in the description nor in the conversation"
    for priced in _PRICED.finditer(normalized):
        if _DECLINES.search(_sentence_around(normalized, priced)):
            continue
        is_open = _DEPENDS.search(priced[0]) is not None
        stated = numbers.only_money(priced[0]) if is_open else numbers.without_quantities(priced[0])
        if not own.covers(numbers.extract_numbers(stated)):
            return "it names a price that is not in the description"
    return _promise_problem(normalized, source)


def _sentence_around(text: str, found: re.Match[str]) -> str:
    before = re.split(r"[.!?…\n]", text[max(found.start() - 80, 0) : found.start()])[-1]
    after = re.split(r"[!?…\n]", text[found.start() : found.end() + 80])[0]
    return f"{before}{after}"


def _promise_problem(normalized: str, source: GroundingSource) -> str | None:
    for promise, backing in _PROMISES:
        if promise.search(normalized) and not backing.search(_cached_search_form(source.company)):
            return "it makes a promise that is not in the description"
    free = _free_words(_cached_search_form(source.company))
    if any(free.isdisjoint(_noun_stems(found[0])) for found in _FREE_WORK.finditer(normalized)):
        return "it makes a promise that is not in the description"
    return None


@lru_cache(maxsize=8)
def _free_words(company: str) -> frozenset[str]:
    """Return the words of the description's lines that call something free."""
    lines = (line for line in company.splitlines() if "бесплатн" in line or "free" in line)
    return frozenset(stem for line in lines for stem in _noun_stems(line))


def _noun_stems(text: str) -> frozenset[str]:
    stems = frozenset(word[:_NOUN_STEM] for word in _NOUN.findall(text))
    return stems - {"бесп", "сдел", "буде", "пода", "free", "will", "перв", "даро"}


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
