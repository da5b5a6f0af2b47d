"""Finds the reasons that the program stores or tells, in its source: each needs a text in each language."""

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from tests.conftest import ROOT

# Calls whose texts become reasons of events, of waiting leads, or of messages that are not sent.
CALLS = {
    "ChangeStatus",
    "GiveUp",
    "HandoffError",
    "IllegalTransitionError",
    "PeerChanged",
    "ReturnToAssistant",
    "RetryError",
    "SlotUnavailableError",
    "StatusError",
    "TelegramUnavailableError",
    "UnreadableBookingError",
    "Wait",
    "Withdrawn",
}
_HOLDS_TEXTS = re.compile(rf"^[A-Z_]+ = |\breason\b|\b(?:{'|'.join(CALLS)})\(", re.MULTILINE)
# Packages whose functions return reasons.
GUARDRAILS, ERRORS = ROOT / "worker/assistant/guardrails", ROOT / "worker/telegram/errors"


def stored_reasons() -> set[str]:
    """Return the reasons, with a number for each part that is filled in."""
    sources = {path: path.read_text(encoding="utf-8") for path in _sources()}
    trees = {path: ast.parse(source) for path, source in sources.items() if _HOLDS_TEXTS.search(source)}
    constants = dict(chain.from_iterable(map(_constants, trees.values())))
    return {
        reason
        for path, tree in trees.items()
        for node in ast.walk(tree)
        for given in _reason_nodes(node, path)
        for reason in _texts(given, constants)
        if " " in reason
    }


def _sources() -> Iterator[Path]:
    for package in ("api", "shared", "worker"):
        yield from (ROOT / package).rglob("*.py")


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def _reason_nodes(node: ast.AST, path: Path) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        yield from (one.value for one in node.keywords if one.arg == "reason")
        if isinstance(node.func, ast.Name) and node.func.id in CALLS:
            yield from node.args
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        if node.targets[0].id in {"reason", "REASON"}:
            yield node.value
        elif path.is_relative_to(ERRORS) and isinstance(node.value, ast.Dict):
            yield from node.value.values
    elif isinstance(node, ast.Return) and node.value is not None and path.is_relative_to(GUARDRAILS):
        yield from (one for one in [node.value] if _begins_with_it(one))


def _begins_with_it(node: ast.expr) -> bool:
    return any(text.startswith("it ") for text in _texts(node, {}))


def _texts(node: ast.expr, constants: dict[str, ast.expr]) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    elif isinstance(node, ast.IfExp):
        yield from chain(_texts(node.body, constants), _texts(node.orelse, constants))
    elif isinstance(node, ast.BoolOp):
        yield from chain.from_iterable(_texts(part, constants) for part in node.values)
    elif isinstance(node, ast.Name) and node.id in constants:
        yield from _texts(constants[node.id], {})
