"""No regular expression of the worker, the forms or the shared code takes long, whatever text it meets.

The patterns are collected from the modules, so a new one is tried without being named here.
"""

import importlib
import inspect
import pkgutil
import random
import re
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType

import pytest

import api.forms
import shared
import worker

LENGTH = 4_096
MAX_MILLISECONDS = 10.0
TRIES = 3
_UNITS = (
    *("1", "1 ", "1.", "1,", "1:", "12 ", "1-", "+7 ", "1 000 ", "1.1.", "0 ", "00:", "7 в "),
    *("\n", " ", "\t", "\n ", " \n", "\u00a0", "a", "а", "a ", "а ", "аб", "A", "aа", "я ", "Я ", "Я, "),
    *("(", "[", "{", "<", ")", "]", "}", ">", "[a", "{a", "<a", "((", "[[", "()", "[] ", "<a ", "</", "<|"),
    *(
        ".",
        ",",
        "-",
        "_",
        "@",
        "#",
        "%",
        "$",
        "|",
        '"',
        "«",
        "'",
        "`",
        "*",
        "/",
        ":",
        ";",
        "=",
        "&",
        "?",
        "!",
        "…",
    ),
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
    *(
        "😀",
        "\u200b",
        "é",
        "中",
        "ё",
        "не ",
        "вы ",
        "и ",
        "the ",
        "you ",
        "it ",
        "a b, ",
        "Аб ",
        "Аб, ",
        "1) ",
    ),
)


def _modules(root: ModuleType) -> Iterator[ModuleType]:
    yield root
    for found in pkgutil.walk_packages(root.__path__, f"{root.__name__}."):
        if not found.name.endswith("__main__"):
            yield importlib.import_module(found.name)


def _patterns_in(value: object, depth: int = 3) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth and isinstance(value, Mapping):
        for part in value.values():
            yield from _patterns_in(part, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _patterns_in(part, depth - 1)


@dataclass(frozen=True)
class UsedPattern:
    """A pattern, and whether its code only tries it at the beginning of a text."""

    pattern: re.Pattern[str]
    is_anchored: bool

    def run(self, text: str) -> None:
        """Try the pattern as its code does."""
        if self.is_anchored:
            self.pattern.match(text)
            self.pattern.fullmatch(text)
        else:
            deque(self.pattern.finditer(text), maxlen=0)


def _is_anchored(module: ModuleType, name: str) -> bool:
    source = inspect.getsource(module)
    methods = frozenset(re.findall(rf"\b{name}\.(\w+)\(", source))
    # Another use, such as an argument of a function, could be anything.
    uses = len(re.findall(rf"\b{name}\b", source)) - 1
    calls = len(re.findall(rf"\b{name}\.\w+\(", source))
    return methods <= {"match", "fullmatch"} and bool(methods) and uses == calls


def collect_patterns() -> Mapping[str, UsedPattern]:
    """Return every compiled pattern of text, by the name of its module and of its variable."""
    found: dict[str, UsedPattern] = {}
    known: set[re.Pattern[str]] = set()
    for root in (worker, shared, api.forms):
        for module in _modules(root):
            for name, value in vars(module).items():
                for at, pattern in enumerate(_patterns_in(value)):
                    if pattern not in known:
                        known.add(pattern)
                        used = UsedPattern(pattern, _is_anchored(module, name))
                        found[f"{module.__name__}.{name}[{at}]"] = used
    return found


def hostile_texts(pattern: re.Pattern[str] | None = None) -> Iterable[str]:
    """Return texts of 4,096 characters: one thing again and again, mixtures, and the pattern's own words."""
    for unit in _UNITS:
        yield _filled(unit)
    chance = random.Random(7)
    for _ in range(6):
        yield _filled("".join(chance.choices(_UNITS, k=40)))
    yield _filled("1 ")[:-1] + "!"
    yield _filled("a")[:-1] + "!"
    words = re.findall(r"[^\W\d_]{2,}", pattern.pattern) if pattern else []
    for word in sorted(set(words), key=words.index)[:12]:
        yield _filled(f"{word} ")
        yield _filled(word)
    if words:
        yield _filled(" ".join(chance.choices(words, k=200)) + " ")
        yield _filled("\n".join(f"{word} 1" for word in chance.choices(words, k=200)))


def _filled(unit: str) -> str:
    return (unit * (LENGTH // len(unit) + 1))[:LENGTH]


def milliseconds(run: Callable[[], object]) -> float:
    """Return the best of three times of the processor; the first one counts if it is short enough."""
    best = float("inf")
    for _ in range(TRIES):
        start = time.process_time()
        run()
        best = min(best, (time.process_time() - start) * 1_000)
        if best <= MAX_MILLISECONDS / 2:
            break
    return best


PATTERNS = collect_patterns()


def test_patterns_are_found() -> None:
    assert len(PATTERNS) > 100
    assert any(name.startswith("worker.assistant.guardrails.numbers.") for name in PATTERNS)


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_fast_on_hostile_texts(name: str) -> None:
    used = PATTERNS[name]
    for text in hostile_texts(used.pattern):
        took = milliseconds(partial(used.run, text))
        assert took <= MAX_MILLISECONDS, f"{took:.0f} ms on {text[:30]!r}…"
