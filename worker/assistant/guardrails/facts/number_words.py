"""The numerals of Russian, in the cases that sentences have, and of English. Pure."""

import re
from collections.abc import Mapping
from types import MappingProxyType

_UNITS: Mapping[int, str] = {
    1: "один одна одно одну одного одной одним одном one",
    2: "два две двух двумя двум двое пара пару пары two",
    3: "три трех тремя трем трое three",
    4: "четыре четырех четырьмя четырем четверо four",
}
_TENS = {
    5: "пят",
    6: "шест",
    7: "сем",
    8: "восем",
    9: "девят",
    10: "десят",
    11: "одиннадцат",
    12: "двенадцат",
    13: "тринадцат",
    14: "четырнадцат",
    15: "пятнадцат",
    16: "шестнадцат",
    17: "семнадцат",
    18: "восемнадцат",
    19: "девятнадцат",
    20: "двадцат",
    30: "тридцат",
}
_FIFTIES = {50: "пят", 60: "шест", 70: "сем", 80: "восем"}
_HUNDREDS = {
    200: "двести двухсот двумстам",
    300: "триста трехсот тремстам",
    400: "четыреста четырехсот четыремстам",
    **{
        hundred: f"{stem}ьсот {stem}исот {stem}истам"
        for hundred, stem in ((500, "пят"), (600, "шест"), (700, "сем"), (800, "восем"), (900, "девят"))
    },
}
_ENGLISH_UNITS = (
    *("five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen"),
    *("sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_ENGLISH_TENS = ("thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ENGLISH = {
    **dict(enumerate(_ENGLISH_UNITS, start=5)),
    **dict(zip(range(30, 100, 10), _ENGLISH_TENS, strict=True)),
}


def _forms() -> dict[str, float]:
    words = {**_UNITS, **_HUNDREDS}
    for value, stem in _TENS.items():
        words[value] = f"{stem}ь {stem}и {stem}ью"
    words[8] += " восьми восемью восьмью"
    for value, stem in _FIFTIES.items():
        words[value] = f"{stem}ьдесят {stem}идесяти {stem}ьюдесятью"
    words |= {40: "сорок сорока", 90: "девяносто девяноста", 100: "сто ста сотня сотню сотни сотен"}
    forms: dict[str, float] = {form: value for value, text in words.items() for form in text.split()}
    forms |= {word: value for value, word in _ENGLISH.items()}
    forms |= {"восьмидесяти": 80, "восьмисот": 800, "hundred": 100, "couple of": 2}
    return forms | dict.fromkeys(("полтора", "полторы", "полутора"), 1.5)


# Each form with its value, the longest first, as alternatives of a pattern need it.
NUMBER_WORDS: Mapping[str, float] = MappingProxyType(
    dict(sorted(_forms().items(), key=lambda item: -len(item[0])))
)
# "A few words", "one of us": small numerals without a unit count nothing that matters.
_MIN_PLAIN = 5
_ANY_WORD = "|".join(NUMBER_WORDS)
# "Двадцать пять", "six hundred and ten": the words of one number. Of seven words at most.
SEQUENCE = rf"\b(?:{_ANY_WORD})(?:(?:\s|-|\sand\s)(?:{_ANY_WORD})\b){{0,6}}"
_SEQUENCE = re.compile(rf"{SEQUENCE}\b")
_SINGLE = re.compile(r"couple of|[^\W\d_]+")


def has_number_word(form: str) -> bool:
    """Return True if a text in its search form has a numeral; much faster than to read them."""
    return not NUMBER_WORDS.keys().isdisjoint(_SINGLE.findall(form))


def spelled_numbers(form: str) -> frozenset[float]:
    """Return the numbers that a text in its search form spells: "двадцать пять" and "twenty-five" are 25."""
    values = (value_of(found[0]) for found in _SEQUENCE.finditer(form))
    return frozenset(value for value in values if value >= _MIN_PLAIN)


def value_of(words: str) -> float:
    """Return the number that these words spell."""
    total = 0.0
    for word in _SINGLE.findall(words):
        value = NUMBER_WORDS.get(word, 0.0)
        total = total * value if word == "hundred" and total else total + value
    return total
