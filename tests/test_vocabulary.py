"""Words that the glossary has replaced do not come back into code, tests or documentation."""

import re
import subprocess

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
