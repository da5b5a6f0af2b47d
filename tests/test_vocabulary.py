"""Words that the glossary has replaced do not come back into code, tests or documentation."""

import ast
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

OLD = (
    "herald",
    "tenure",
    "strides?",
    "whoever",
    "anew",
    "heed(?:ed|s)?",
    "for want of",
    "short[ _]way",
    "doors?",
    "in hand",
    "mend(?:ed|s)?",
    "seams?",
)
# These two name old words on purpose; the changelog and released migrations tell of the past.
EXEMPT = ("docs/glossary.md", "tests/test_vocabulary.py", "CHANGELOG.md", "migrations/versions/", "LICENSE")
# A comment or a docstring names the role: the person, the owner, the operator, no user.
_VAGUE = re.compile(r"\b(?:somebody|nobody|anybody|whoever)\b", re.IGNORECASE)
_OLD = re.compile(rf"\b(?:{'|'.join(OLD)})\b", re.IGNORECASE)
_TEXT = (".py", ".md", ".toml", ".yml", ".example", "Makefile", "Dockerfile.api", "Dockerfile.worker")


def _found() -> list[str]:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = []
    for name in tracked.stdout.splitlines():
        path = ROOT / name
        if name.startswith(EXEMPT) or not name.endswith(_TEXT) or not path.exists():
            continue
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            found += [f"{name}:{number}: {match[0]}" for match in _OLD.finditer(line)]
    return found


def test_old_words_stay_out() -> None:
    assert _found() == []


def test_the_pattern_finds_an_old_word() -> None:
    assert _OLD.search("Told by the Herald")
    assert not _OLD.search("heralded")


def _prose(path: Path) -> Iterator[tuple[int, str]]:
    """Return the comments and docstrings of a module with their lines."""
    source = path.read_text("utf-8")
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


def test_comments_and_docstrings_name_the_role() -> None:
    product = ("api", "worker", "shared", "sandbox")
    modules = [path for name in product for path in (ROOT / name).rglob("*.py")]
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]}"
        for path in modules
        for line, text in _prose(path)
        for match in _VAGUE.finditer(text)
    ]
    assert found == []
