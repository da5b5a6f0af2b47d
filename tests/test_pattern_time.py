"""No regular expression of the worker, the api or the shared code takes long, whatever text it meets.

The patterns are collected from the modules and from their source, so a new one is tried without being named
here.
"""

import ast
import importlib
import inspect
import pkgutil
import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from types import ModuleType

import pytest

import api
import shared
import worker
from tests.support.hostile_texts import LENGTH, hostile_texts, milliseconds

ROOTS = (worker, shared, api)
MAX_MILLISECONDS = 10.0
# A pattern is tried in full only if the time for an eighth of the text, or its growth, says that it may be
# slow. What grows with the square of the length takes 64 times as long for the whole text.
SHORT, HALF = LENGTH // 8, LENGTH // 16
SHORT_MILLISECONDS = MAX_MILLISECONDS / 64
MAX_GROWTH = 2.7
# Below this, the growth of a time is noise: even the third power would still be fast enough.
NOISE_MILLISECONDS = MAX_MILLISECONDS / 1_000
# In place of what only a running function knows, in a pattern such as rf"{day} {month}".
UNKNOWN = "12"


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


def _is_anchored(source: str, name: str) -> bool:
    methods = frozenset(re.findall(rf"\b{name}\.(\w+)\(", source))
    # Another use, such as an argument of a function, could be anything.
    uses = len(re.findall(rf"\b{name}\b", source)) - 1
    calls = len(re.findall(rf"\b{name}\.\w+\(", source))
    return methods <= {"match", "fullmatch"} and bool(methods) and uses == calls


class _Known(ast.NodeTransformer):
    """Replaces the parts of an f-string that a module does not know."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.expr:
        """Keep the part if the module knows it."""
        return node if _evaluate(node.value, self._module) is not None else ast.Constant(UNKNOWN)


def _evaluate(node: ast.expr, module: ModuleType) -> object:
    try:
        return eval(compile(ast.Expression(node), "<pattern>", "eval"), vars(module))
    except Exception:  # noqa: BLE001 - a local name, or whatever else is known only to a running function
        return None


def _inline_patterns(module: ModuleType, source: str) -> Iterator[tuple[int, UsedPattern]]:
    """Yield the patterns that are given to a function of `re` anywhere in the source, with their lines."""
    for node in ast.walk(ast.parse(source)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "re"):
            continue
        line, method, flags = node.lineno, node.func.attr, 0
        text = _evaluate(ast.fix_missing_locations(_Known(module).visit(node.args[0])), module)
        for argument in [*node.args[1:], *(keyword.value for keyword in node.keywords)]:
            if isinstance(found := _evaluate(argument, module), re.RegexFlag):
                flags |= int(found)
        if method != "escape" and isinstance(text, str):
            yield line, UsedPattern(re.compile(text, flags), method in {"match", "fullmatch"})


def _packages() -> Iterator[str]:
    """Yield the names of all packages; to find the patterns as well, every module would be imported."""
    for root in ROOTS:
        yield root.__name__
        found = pkgutil.walk_packages(root.__path__, f"{root.__name__}.")
        yield from (module.name for module in found if module.ispkg)


def _named_patterns() -> Iterator[tuple[ModuleType, str, UsedPattern]]:
    """Yield the patterns of all modules with their names: those in variables first, then by their lines."""
    modules = [module for root in ROOTS for module in _modules(root)]
    sources = {module.__name__: inspect.getsource(module) for module in modules}
    for module in modules:
        for name, value in vars(module).items():
            for at, pattern in enumerate(_patterns_in(value)):
                used = UsedPattern(pattern, _is_anchored(sources[module.__name__], name))
                yield module, f"{module.__name__}.{name}[{at}]", used
    for module in modules:
        for line, used in _inline_patterns(module, sources[module.__name__]):
            yield module, f"{module.__name__}:{line}", used


@cache
def collect_patterns() -> Mapping[str, Mapping[str, UsedPattern]]:
    """Return every pattern of text once, by its package and by its name."""
    found: dict[str, dict[str, UsedPattern]] = {package: {} for package in _packages()}
    known: set[re.Pattern[str]] = set()
    for module, name, used in _named_patterns():
        if used.pattern not in known:
            known.add(used.pattern)
            found[module.__package__ or ""][name] = used
    return found


def test_patterns_are_found() -> None:
    names = [name for patterns in collect_patterns().values() for name in patterns]
    assert len(names) > 250
    assert any(name.startswith("worker.assistant.guardrails.facts.numbers._") for name in names)
    # Inside functions, also with parts that only the function knows.
    inline = [name for name in names if name.startswith("worker.assistant.guardrails.facts.grounding:")]
    assert len(inline) >= 3
    assert any(name.startswith(("api.routers", "api.console", "api.queries")) for name in names)


def test_a_slow_pattern_is_noticed() -> None:
    for slow in (r"(?:\s|\n)+x", r"(?:[^<]|b)*<b>", r"\[(?:[^\]]|\])*\]x"):
        assert _find_slow_text(UsedPattern(re.compile(slow), False)), slow
    # Slow only because of the last character, and already with few before it.
    assert _may_be_slow(UsedPattern(re.compile(r"(?:a|aa)+$"), False), "a" * 24 + "!")


@pytest.mark.parametrize("package", list(_packages()))
def test_patterns_are_fast_on_hostile_texts(package: str) -> None:
    slow = {name: _find_slow_text(used) for name, used in collect_patterns()[package].items()}
    assert [f"{name}: {found}" for name, found in slow.items() if found] == []


def _find_slow_text(used: UsedPattern) -> str | None:
    """Return how slow the pattern is on which text; None if it is fast on all of them."""
    for text in hostile_texts(used.pattern):
        if not _may_be_slow(used, text):
            continue
        took = milliseconds(partial(used.run, text), MAX_MILLISECONDS / 2)
        if took > MAX_MILLISECONDS:
            return f"{took:.0f} ms on {text[:60]!r}…"
    return None


def _may_be_slow(used: UsedPattern, text: str) -> bool:
    short = milliseconds(partial(used.run, _cut(text, SHORT)), SHORT_MILLISECONDS)
    if short > SHORT_MILLISECONDS:
        return True
    if short < NOISE_MILLISECONDS:
        return False
    return short > MAX_GROWTH * milliseconds(partial(used.run, _cut(text, HALF)), 0.0)


def _cut(text: str, length: int) -> str:
    # With its end: many patterns are slow only because of a last character that does not match.
    return text[: length - 1] + text[-1]
