"""Finds the texts that commands print, in the source: each needs a text in each language."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from api.settings import ApiSettings
from tests.conftest import ROOT
from worker.settings import WorkerSettings

# Calls whose texts are printed, or end a command.
CALLS = frozenset(
    [
        "sentence",
        "passed",
        "failed",
        "skipped",
        "_plain",
        "_limit",
        "ConfigError",
        "LoginError",
        "SessionRevokedError",
    ]
)
# Here a ValueError says what is wrong with a setting.
SETTINGS = (
    "api/forms/custom_mapping_file.py",
    "api/settings.py",
    "shared/contacts.py",
    "shared/database/urls.py",
    "shared/files.py",
    "worker/domain/config/openai_settings.py",
    "worker/domain/config/setting_checks.py",
    "worker/settings.py",
)
# Here the returned texts are mistakes of a model, or faults of a file.
RETURNED = ("shared/files.py", "worker/assistant/qualification/turns.py")


def printed_texts() -> set[str]:
    """Return the texts, with a number for each part that is filled in outside the catalogue."""
    sources = chain.from_iterable((ROOT / name).rglob("*.py") for name in ("api", "shared", "worker"))
    found = set(chain.from_iterable(map(_texts_of, [*sources, ROOT / "migrations/env.py"])))
    described = {*WorkerSettings.model_fields.values(), *ApiSettings.model_fields.values()}
    return {text for text in found if " " in text} | {field.description or "" for field in described}


def _texts_of(path: Path) -> Iterator[str]:
    source = path.read_text(encoding="utf-8")
    if not any(f"{name}(" in source for name in (*CALLS, "ValueError")):
        return
    tree = ast.parse(source)
    names = _assigned(tree)
    calls = CALLS | {"ValueError"} if str(path.relative_to(ROOT)) in SETTINGS else CALLS
    if path.is_relative_to(ROOT / "worker/doctor") or str(path.relative_to(ROOT)) in RETURNED:
        yield from _returned(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in calls:
            for given in (*node.args, *(one.value for one in node.keywords if one.arg == "remedy")):
                yield from _texts(given, names)


def _returned(tree: ast.Module) -> Iterator[str]:
    """Return the texts that functions return, and the constants of the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and node.value is not None:
            yield from _texts(node.value, {})
    for node in tree.body:
        if isinstance(node, ast.Assign):
            yield from _texts(node.value, {})


def _assigned(tree: ast.Module) -> Mapping[str, list[ast.expr]]:
    """Return what is assigned to each name, in the module and its functions."""
    names: dict[str, list[ast.expr]] = defaultdict(list)
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id].append(node.value)
    return names


def _texts(node: ast.expr, names: Mapping[str, list[ast.expr]]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from chain(_texts(node.body, names), _texts(node.orelse, names))
    elif isinstance(node, ast.BinOp):
        for left in _texts(node.left, names):
            yield from (left + right for right in _texts(node.right, names))
    elif isinstance(node, ast.Dict):
        yield from chain.from_iterable(_texts(one, names) for one in node.values)
    elif isinstance(node, ast.Name):
        yield from chain.from_iterable(_texts(one, {}) for one in names.get(node.id, ()))
