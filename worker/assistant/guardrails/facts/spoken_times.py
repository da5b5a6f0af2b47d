"""Reads the times of day that a person names: "в 7 вечера" is also 19:00, "полвосьмого" is 7:30 or 19:30."
" Pure."""

import re
from collections.abc import Iterable

from worker.assistant.guardrails.text_normalization import search_form

_HOUR_WORDS = {
    word: hour
    for hour, words in enumerate(
        (
            "час часу один одного one",
            "два двух two",
            "три трех three",
            "четыре четырех four",
            "пять пяти five",
            "шесть шести six",
            "семь семи seven",
            "восемь восьми eight",
            "девять девяти nine",
            "десять десяти ten",
            "одиннадцать одиннадцати eleven",
            "двенадцать двенадцати twelve",
        ),
        start=1,
    )
    for word in words.split()
}
_ORDINALS = (
    *("первого", "второго", "третьего", "четвертого", "пятого", "шестого", "седьмого", "восьмого"),
    *("девятого", "десятого", "одиннадцатого", "двенадцатого"),
)
_MINUTE_WORDS = {
    **dict.fromkeys(("пятнадцать", "fifteen"), 15),
    **dict.fromkeys(("двадцать", "twenty"), 20),
    **dict.fromkeys(("тридцать", "thirty"), 30),
    **dict.fromkeys(("сорок", "forty"), 40),
}
_BEFORE_WORDS = {
    "четверти": 15,
    "пяти": 5,
    "десяти": 10,
    "пятнадцати": 15,
    "двадцати пяти": 25,
    "двадцати": 20,
}
_EN_MINUTES = {"quarter": 15, "five": 5, "ten": 10, "twenty": 20, "twenty-five": 25}
_HOUR = rf"(?P<hour>[012]?\d|{'|'.join(_HOUR_WORDS)})"
_MINUTES = rf"(?:[:.\s-](?P<minutes>[0-5]\d|{'|'.join(_MINUTE_WORDS)}))?"
_TIMES = (
    re.compile(
        rf"\b(?:в|во|к|с|со|до|после|около|часам к|на|at|by|after|before|from|till|until|around|about"
        rf"|to)\s{_HOUR}"
        rf"(?!\w){_MINUTES}(?!\w)"
    ),
    re.compile(
        rf"(?<![\w.,:]){_HOUR}{_MINUTES}\s?(?:час\w{{0,3}}|ч|утра|дня|вечера|ночи|am|pm|a\.m|p\.m|o'clock"
        rf"|hours)(?!\w)"
    ),
    re.compile(r"(?<![\d.:])(?P<hour>[012]?\d):(?P<minutes>[0-5]\d)(?!\d)"),
    re.compile(rf"(?<!\w){_HOUR}[\s-](?P<minutes>{'|'.join(_MINUTE_WORDS)})(?!\w)"),
    re.compile(r"(?<![\w.,:])(?P<hour>[012]?\d)\s?[-–—]\s?(?P<minutes>[012]?\d)(?!\w)"),
)
_CLOCK = re.compile(
    r"(?<![\d.:])(?P<hour>[012]?\d)(?::(?P<minutes>[0-5]\d)(?!\d))?\s?(?P<pm>p\.?m\b)?(?(minutes)|(?(pm)|(?=a\.?m\b)))"
)
_HALF = re.compile(rf"\b(?:пол[\s-]?|половин[ауе] )(?P<next>{'|'.join(_ORDINALS)})\b")
_HALF_PAST = re.compile(rf"\bhalf past {_HOUR}\b")
# "Без четверти три" and "quarter to three" are before the hour, "четверть третьего" is after the one before.
_BEFORE = (
    re.compile(
        rf"\bбез (?P<minutes>четверти|[1-5]?\d|{'|'.join(_BEFORE_WORDS)})(?: минут\w?)? {_HOUR}(?!\w)"
    ),
    re.compile(
        rf"\b(?P<minutes>quarter|[1-5]?\d|{'|'.join(_EN_MINUTES)})(?: minutes)? (?:to|before) {_HOUR}(?!\w)"
    ),
)
_PAST = re.compile(rf"\b(?P<minutes>quarter|{'|'.join(_EN_MINUTES)})(?: minutes)? past {_HOUR}(?!\w)")
_QUARTER_OF = re.compile(rf"\bчетверть (?P<next>{'|'.join(_ORDINALS)})\b")
_MIDDAY = re.compile(r"\bпол(?:день|дню|удня|удню)\b|\bnoon\b|\bmidday\b|\bполноч\w\b|\bmidnight\b")


def clock_times(text: str) -> frozenset[float]:
    """Return the hours of times such as 18:30 and "6 pm", and their minutes, as both clocks name them."""
    parts: set[float] = set()
    for found in _CLOCK.finditer(search_form(text)):
        hour = int(found["hour"])
        if hour > 12:
            parts.add(hour - 12.0)
        elif hour < 12 and found["pm"]:
            parts.add(hour + 12.0)
        parts.update((float(hour), float(found["minutes"] or 0)))
    return frozenset(parts - {0.0})


def spoken_times(text: str) -> frozenset[float]:
    """Return the hours and minutes that the text names, each hour in both halves of the day."""
    form = search_form(text)
    parts: set[float] = set()
    for pattern in _TIMES:
        for found in pattern.finditer(form):
            parts.update(_hours(_read(found["hour"], _HOUR_WORDS)))
            if found["minutes"]:
                parts.add(_read(found["minutes"], _MINUTE_WORDS))
    for found in _HALF.finditer(form):
        parts.update((30.0, *_hours(_ORDINALS.index(found["next"]) or 12)))
    for found in _HALF_PAST.finditer(form):
        parts.update((30.0, *_hours(_read(found["hour"], _HOUR_WORDS))))
    parts.update(_around_the_hour(form))
    if _MIDDAY.search(form):
        parts.add(12.0)
    return frozenset(parts)


def _around_the_hour(form: str) -> Iterable[float]:
    for pattern in _BEFORE:
        for found in pattern.finditer(form):
            minutes = _read(found["minutes"], _BEFORE_WORDS | _EN_MINUTES)
            yield from (60.0 - minutes, *_hours((_read(found["hour"], _HOUR_WORDS) - 2) % 12 + 1))
    for found in _PAST.finditer(form):
        yield from (float(_read(found["minutes"], _EN_MINUTES)), *_hours(_read(found["hour"], _HOUR_WORDS)))
    for found in _QUARTER_OF.finditer(form):
        yield from (15.0, *_hours(_ORDINALS.index(found["next"]) or 12))


def _read(word: str, words: dict[str, int]) -> int:
    return int(word) if word.isdecimal() else words[word]


def _hours(hour: int) -> Iterable[float]:
    return (float(hour), float(hour + 12 if hour < 12 else hour - 12)) if hour <= 24 else ()
