"""Extracts the numbers of a text, in digits and in words, with their units. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache

from worker.assistant.guardrails.facts.number_words import (
    NUMBER_WORDS,
    SEQUENCE,
    has_number_word,
    spelled_numbers,
    value_of,
)
from worker.assistant.guardrails.text_normalization import search_form

_UNITS = {
    "minute": r"минут\w*|мин\b|minutes?|min\b",
    "hour": r"час(?:а|ов|у|ам)?\b|hours?\b",
    "day": r"дн(?:я|ей|и|ям)\b|день\b|сут\w+|days?\b",
    "week": r"недел\w*|weeks?\b",
    "month": r"месяц\w*|months?\b",
    "year": r"год(?:а|у|ом)?\b|лет\b|years?\b",
    "percent": r"%|процент\w*|percent",
    "weight": r"кг\b|килограмм\w*|тонн\w*|kg\b|kilos?\b|tons?\b|tonnes?\b",
    "centimetre": r"см\b|сантиметр\w*|cm\b",
    "kilometre": r"км\b|километр\w*|km\b|kilometres?\b|miles?\b",
    "money": r"₽|руб\w*|р\.|р\b|[$€£¥₸₴₾]|долл\w*|евро|фунт\w*|тенге|usd\b|eur\b|gbp\b|rub\b|dollars?|euros?"
    r"|pounds?\b|quid\b",
}
_SCALES = {"thousand": 1_000, "million": 1_000_000}
_SCALE = r"(?P<thousand>тыс\w*\.?|т\.\s?р\.|[кk]\b|thousand)|(?P<million>млн\.?|миллион\w*|million|m\b)"
_PLAIN_SCALE = _SCALE.replace("?P<thousand>", "?:").replace("?P<million>", "?:")
_UNIT = "|".join(f"(?P<{name}>{pattern})" for name, pattern in _UNITS.items())
# Thousands in groups, with cents perhaps; or a plain number, a decimal perhaps.
_DIGITS = r"\d{1,3}(?:[\s,.]\d{3}){1,4}(?!\d)(?:[.,]\d{1,2}(?!\d))?|\d{1,15}(?:[.,]\d{1,6})?"
_NUMBER = re.compile(
    rf"(?<![\w.,:])(?P<sign>[$€₽£¥₸₴₾]\s?)?(?P<digits>{_DIGITS})"
    rf"(?:\s?(?:{_SCALE}))?(?:-?(?:й|го|му|х|ти|ми|ю|я|е|th|st|nd|rd)\b)?[\s-]?(?:{_UNIT})?(?!\w)",
    re.IGNORECASE,
)
# "Тысяч в 100", "минут 20", "дней за 5".
_INVERTED = re.compile(
    rf"\b(?:(?P<thousand>тыс\w*|thousand)|(?P<million>млн|миллион\w*|million)|{_UNIT})\s(?:(?:в|на|за|по|до"
    rf"|около)\s)?(?P<digits>{_DIGITS})(?!\w)",
    re.IGNORECASE,
)
_COUNTED = rf"(?:{'|'.join(NUMBER_WORDS)})\b"
_WORDED = re.compile(rf"(?P<word>{SEQUENCE})\s+(?:(?!{_PLAIN_SCALE}|{_COUNTED})\w+\s+)?(?:{_UNIT})")
_WORDED_SCALE = re.compile(rf"(?P<word>{SEQUENCE})\s+(?:{_SCALE})")
_HALF_MILLION = re.compile(r"\bпол[\s-]?миллиона\b|\bhalf a million\b", re.IGNORECASE)
_SINGLE = re.compile(
    rf"\b(?:за|через|в течение|within an?|in an?)\s+(?:(?!{_COUNTED})[^\W\d]+\s+)?(?:{_UNIT})", re.IGNORECASE
)
_HALF = re.compile(r"\bполчаса\b|\bhalf an hour\b", re.IGNORECASE)
# Work that is done by the day after: the term of one day.
_NEXT_DAY = re.compile(
    r"\b(?:сдела|доставл|доставим|привез|установ|изготов|смонтир|deliver|finish|ship|install|ready|done)\w*"
    r"\b[^.!?…\n]{0,60}\b(?:на следующий день|в тот же день|день в день|завтра|(?:the )?(?:next|same) day"
    r"|overnight|tomorrow)\b"
)
# Equal durations in other units: 90 minutes are one hour and a half, two weeks are 14 days.
_DURATIONS = {
    "minute": ("minutes", 1),
    "hour": ("minutes", 60),
    "day": ("minutes", 1_440),
    "week": ("minutes", 10_080),
    "month": ("months", 1),
    "year": ("months", 12),
}
# A number below this with a thing after it counts the things: "12 pictures" is no source of "£12".
_MAX_COUNT = 1_000
_THING = re.compile(
    r"\s(?!(?:за|до|и|или|в|на|от|с|при|без|плюс|минус|максимум|минимум|примерно|это|per|for|to|and|or|a|an"
    r"|the|each|plus|minus|at|max|up)\b)[^\W\d]{2,}"
)
_CLOCK = re.compile(r"(?<![\d.:])(\d{1,2})[:.]([0-5]\d)(?![\d.:])(?!\s?(?:%|₽|руб|тыс|млн))")
_DATE = re.compile(r"(?<![\d.])(\d{1,2})\.(\d{1,2})\.(\d{2,4})(?![\d.])")
_SMALL = re.compile(
    rf"(?<![\w.,:$€₽£¥₸₴₾])\d{{1,3}}(?![\d.,]\d)(?!\d)(?!\s?(?:{_PLAIN_SCALE}|{_UNITS['money']}"
    rf"|{_UNITS['percent']}))"
)
_DAY_AND_MONTH = re.compile(r"(?<![\d.,])([0-3]?\d)\.(0[1-9]|1[0-2])(?![\d.,])")
# "1) … 2) …", "1. …" at the beginning of a sentence, "шаг 1", a keycap emoji.
_LIST_MARKER = re.compile(
    r"(?:^|(?<=[.;:!?,\n(—–-])|(?<=[.;:!?,\n(—–-]\s))(?P<a>\d{1,2})[.)](?=\s)"
    r"|(?<![\w.,])(?P<b>\d{1,2})\)(?=\s)"
    r"|\b(?:шаг|этап|пункт|step|stage)\s(?P<c>\d{1,2})\b|(?P<d>\d)\u20e3",
    re.MULTILINE,
)
# A number of things in a sentence about the price: "магазин на 200 товаров". Not money, not the price itself.
_QUANTITY = re.compile(
    rf"(?<![\w.,:$€₽£¥₸₴₾])\d{{1,9}}(?:[.,]\d{{1,3}})?\s(?!(?:{_PLAIN_SCALE}|{_UNITS['money']}"
    rf"|{_UNITS['percent']}))(?=[^\W\d]{{2,}})"
)


@dataclass(frozen=True)
class Numbers:
    """Numbers of a text: plain values, parts of times of day, and (value, unit) pairs."""

    values: frozenset[float]
    clock: frozenset[float]
    measured: frozenset[tuple[float, str]]
    # Units with an implied value of one: "в течение дня", "за неделю".
    single: frozenset[str]
    # Other readings of the values: "2.4 m" may be metres.
    others: frozenset[float] = frozenset()
    # The values that stand without a unit: each may be meant in any.
    bare: frozenset[float] = frozenset()
    # Those of them that may be amounts of money: they do not count things.
    amounts: frozenset[float] = frozenset()

    def __or__(self, other: "Numbers") -> "Numbers":
        """Return the numbers of both texts."""
        return Numbers(
            self.values | other.values,
            self.clock | other.clock,
            self.measured | other.measured,
            self.single | other.single,
            self.others | other.others,
            self.bare | other.bare,
            self.amounts | other.amounts,
        )

    def covers(self, other: "Numbers") -> bool:
        """Return True if all numbers of `other` are here too, in digits or in words."""
        known = self.values | self.others | {value for value, _ in self.measured}
        return (
            other.bare | other.clock <= known | self.clock
            and all(self._covers_measured(value, unit) for value, unit in other.measured)
            and all(unit in self.single or self._has_duration(1, unit) for unit in other.single)
        )

    def _covers_measured(self, value: float, unit: str) -> bool:
        # "В 15" or "на 15" covers "15 часов"; a time of day never covers minutes or money.
        unitless = self.others | (self.amounts if unit == "money" else self.bare)
        if unit == "hour":
            unitless |= self.clock
        return value in unitless or self._has_duration(value, unit)

    def _has_duration(self, value: float, unit: str) -> bool:
        """Return True if this value is here with its unit, or the same duration in another unit."""
        return (value, unit) in self.measured or _duration(value, unit) in {
            _duration(known, known_unit) for known, known_unit in self.measured if known_unit in _DURATIONS
        }


# Cached: every turn extracts from the same company profile.
@lru_cache(maxsize=64)
def extract_numbers(text: str) -> Numbers:
    """Return the numbers of a text. ":00" of a time of day is dropped, so that "в 15" covers "15:00"."""
    bare: set[float] = set()
    with_unit: set[float] = set()
    clock: set[float] = set()
    measured: set[tuple[float, str]] = set()
    scaled: set[float] = set()
    counts: set[float] = set()
    rest = search_form(text)
    for date in _DATE.finditer(rest):
        bare |= {float(part) for part in date.groups()}
    rest = _DATE.sub(" ", rest)
    for day in _DAY_AND_MONTH.finditer(rest):
        bare |= {float(part) for part in day.groups()}
    rest = _DAY_AND_MONTH.sub(" ", rest)
    for time in _CLOCK.finditer(rest):
        clock |= {float(part) for part in time.groups() if part != "00"}
    rest = _CLOCK.sub(" ", rest)
    for found in _NUMBER.finditer(rest):
        unit = "money" if found["sign"] else _unit(found)
        (with_unit if unit else bare if not _counts_things(found) else counts).add(_value(found))
        if found["million"] == "m" and not found["sign"]:
            # It may be metres.
            scaled.add(_value(found) / _SCALES["million"])
        if unit:
            measured.add((_value(found), unit))
    _add_words(rest, bare, measured)
    single = {_unit(found) for found in _SINGLE.finditer(rest)}
    if _NEXT_DAY.search(rest):
        single.add("day")
    return Numbers(
        frozenset(bare | counts | with_unit),
        frozenset(clock),
        frozenset(measured),
        frozenset(single),
        frozenset(scaled),
        frozenset(bare | counts),
        frozenset(bare),
    )


def _add_words(rest: str, bare: set[float], measured: set[tuple[float, str]]) -> None:
    """Add the numbers that a text spells."""
    if _HALF_MILLION.search(rest):
        bare.add(500_000.0)
    if has_number_word(rest):
        bare |= {value_of(found["word"]) * _scale(found) for found in _WORDED_SCALE.finditer(rest)}
        measured |= {(value_of(found["word"]), _unit(found)) for found in _WORDED.finditer(rest)}
        # A number before a scale or a unit has been read with it.
        bare |= spelled_numbers(_WORDED.sub(" ", _WORDED_SCALE.sub(" ", rest)))
    if _HALF.search(rest):
        measured.add((30.0, "minute"))


def approximate(text: str) -> Numbers:
    """Return the numbers that follow their unit: in Russian "тысяч в 100" means about 100,000."""
    bare: set[float] = set()
    measured: set[tuple[float, str]] = set()
    for found in _INVERTED.finditer(search_form(text)):
        value = _value(found)
        bare.add(value)
        if unit := _unit(found):
            measured.add((value, unit))
    plain = frozenset(bare)
    return Numbers(plain, frozenset(), frozenset(measured), frozenset(), bare=plain, amounts=plain)


def without_list_markers(text: str) -> str:
    """Return the text without the numbers of its steps, which count 1, 2, 3, …; `text` is in search form."""
    markers = list(_LIST_MARKER.finditer(text))
    numbers = [int(next(filter(None, marker.groups()))) for marker in markers]
    if len(numbers) < 2 or numbers != list(range(1, len(numbers) + 1)):
        return text
    for marker in reversed(markers):
        text = f"{text[: marker.start()]} {text[marker.end() :]}"
    return text


def only_money(text: str) -> str:
    """Return the text without small numbers that have no currency: they count things."""
    return _SMALL.sub(" ", without_quantities(text))


def without_quantities(text: str) -> str:
    """Return a sentence about a price without numbers that count things: "магазин на 200 товаров"."""
    return _QUANTITY.sub(" ", text)


def _counts_things(found: re.Match[str]) -> bool:
    return _value(found) < _MAX_COUNT and _THING.match(found.string, found.end()) is not None


def _duration(value: float, unit: str) -> tuple[str, float] | None:
    """Return a duration in the smallest unit; None for what is no duration."""
    kind = _DURATIONS.get(unit)
    return None if kind is None else (kind[0], value * kind[1])


def _value(found: re.Match[str]) -> float:
    digits = re.sub(r"[\s,.](?=\d{3}(?!\d))", "", found["digits"]).replace(",", ".")
    return float(digits) * _scale(found)


def _scale(found: re.Match[str]) -> int:
    return next((factor for name, factor in _SCALES.items() if found[name]), 1)


def _unit(found: re.Match[str]) -> str:
    return next((name for name in _UNITS if found[name]), "")
