"""Texts that make a careless regular expression slow, and the time that a piece of code takes on them."""

import importlib
import random
import re
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, TypeAlias

# A part of what re._parser returns; the module has no types.
Parsed: TypeAlias = Any

LENGTH = 4_096
TRIES = 5
MAX_SAMPLE = 60
_WORDS = (
    *("1", "1 ", "1.", "1,", "1:", "12 ", "1-", "+7 ", "1 000 ", "1.1.", "0 ", "00:", "7 в ", "1) "),
    *("\n", " ", "\t", "\n ", " \n", "\u00a0", "a", "а", "a ", "а ", "аб", "A", "aа", "я ", "Я ", "Я, "),
    *("(", "[", "{", "<", ")", "]", "}", ">", "[a", "{a", "<a", "((", "[[", "()", "[] ", "<a ", "</", "<|"),
    *(
        "a.",
        "a.a",
        "a@",
        "@a",
        "a-",
        "a_",
        "a:",
        "a,",
        "a/",
        "://",
        "a://",
        "www.",
        "-a",
        " a:",
        "\na",
        "| a ",
    ),
    *("😀", "\u200b", "é", "中", "ё", "не ", "вы ", "и ", "the ", "you ", "it ", "a b, ", "Аб ", "Аб, "),
    *(
        "=?utf-8?",
        "%D0",
        "&#1",
        "\\u00",
        "\r\n",
        "--",
        "..",
        "! ",
        "? ",
        ", ",
        "a=b&",
        '"a" ',
        "'a' ",
        "/a/b",
    ),
)
_UNITS = (*_WORDS, *".,-_@#%$|\"«'`*/:;=&?!…")
# A class of characters and one of them.
_CATEGORIES = {"DIGIT": "7", "SPACE": " ", "WORD": "а", "NOT_DIGIT": "а", "NOT_SPACE": "а", "NOT_WORD": "-"}


def hostile_texts(pattern: re.Pattern[str] | None = None) -> Iterable[str]:
    """Return texts of 4,096 characters: one thing again and again, mixtures, and what the pattern looks for.

    The last are the pattern's own words and texts that it matches, repeated, with a wrong end.
    """
    yield from _general_texts()
    if pattern is None:
        return
    chance = random.Random(7)
    words = re.findall(r"[^\W\d_]{2,}", pattern.pattern)
    for word in sorted(set(words), key=words.index)[:8]:
        yield filled(f"{word} ")
        yield filled(word)
    if words:
        yield filled(" ".join(chance.choices(words, k=200)) + " ")
        yield filled("\n".join(f"{word} 1" for word in chance.choices(words, k=200)))
    for sample in _samples(pattern, chance):
        yield filled(sample)
        yield filled(sample)[:-1] + "\x01"
        # Everything but the last character, again and again: it nearly matches.
        yield filled(sample[:-1] or sample)


def filled(unit: str) -> str:
    """Return the unit again and again, 4,096 characters long."""
    return (unit * (LENGTH // len(unit) + 1))[:LENGTH]


def milliseconds(run: Callable[[], object], enough: float) -> float:
    """Return the best of several times of the processor; the first one counts if it is at most `enough`."""
    best = float("inf")
    for _ in range(TRIES):
        start = time.process_time_ns()
        run()
        best = min(best, (time.process_time_ns() - start) / 1e6)
        if best <= enough:
            break
    return best


@cache
def _general_texts() -> tuple[str, ...]:
    chance = random.Random(7)
    mixtures = ["".join(chance.choices(_UNITS, k=40)) for _ in range(6)]
    return (*map(filled, (*_UNITS, *mixtures)), filled("1 ")[:-1] + "!", filled("a")[:-1] + "!")


def _samples(pattern: re.Pattern[str], chance: random.Random) -> Iterator[str]:
    parsed = importlib.import_module("re._parser").parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    for _ in range(3):
        sample = "".join(_sample(parsed, chance))[:MAX_SAMPLE]
        if sample:
            yield sample


def _sample(parsed: Parsed, chance: random.Random) -> Iterator[str]:
    """Yield the parts of a text that the parsed pattern matches; what looks around it is left out."""
    for operation, value in parsed:
        match str(operation):
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN" as kind:
                yield _character(kind, value, chance)
            case "BRANCH":
                yield from _sample(chance.choice(value[1]), chance)
            case "SUBPATTERN":
                yield from _sample(value[-1], chance)
            case "ATOMIC_GROUP":
                yield from _sample(value, chance)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, inner = value
                for _ in range(min(max(int(least), chance.choice((0, 1, 2))), int(most))):
                    yield from _sample(inner, chance)


def _character(kind: str, value: Parsed, chance: random.Random) -> str:
    match kind:
        case "LITERAL":
            return chr(value)
        case "RANGE":
            return chr(value[0])
        case "CATEGORY":
            return _CATEGORIES.get(str(value).removeprefix("CATEGORY_"), "a")
        case "IN":
            operation, chosen = chance.choice(value)
            return _character(str(operation), chosen, chance)
    return "а" if kind == "ANY" else "z"
