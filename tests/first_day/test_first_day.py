"""Each thing that goes wrong on a first day is said in one plain line: table.md shows them all."""

import re
from itertools import chain
from pathlib import Path

import pytest

from tests.first_day.running import HEAD, TABLE, load, read, row

# Words of the libraries below us, and of programmers.
FOREIGN = (
    "Traceback",
    "pydantic",
    "Input should",
    "ValidationError",
    "sqlalchemy",
    "psycopg",
    "Errno",
    "None",
)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """What the person reads in each case, in English and in Russian."""
    return [read(case, tmp_path_factory.mktemp("day")) for case in load()]


def test_table_shows_what_is_read(texts: list[tuple[str, str]]) -> None:
    rows = [row(number, case, text) for number, (case, text) in enumerate(zip(load(), texts, strict=True), 1)]
    assert TABLE.read_text(encoding="utf-8") == HEAD + "".join(rows)
    assert len(rows) >= 40


def test_each_is_one_plain_line(texts: list[tuple[str, str]]) -> None:
    for case, (text, _) in zip(load(), texts, strict=True):
        last = text.splitlines()[-1] if text else ""
        assert last, case
        # The log of a worker that ends says the same before the error.
        assert len(text.splitlines()) <= 2, (case, text)
        assert not [word for word in FOREIGN if word in text], (case, text)


def test_faults_of_settings_are_said_in_russian(texts: list[tuple[str, str]]) -> None:
    russian = [text for _, text in texts if text]
    assert len(russian) >= 40
    english = re.compile(r"\b(?:is|are|not|must|has|have|the|and|did|of|for)\b")
    assert [text for text in russian if english.search(text)] == []


def test_no_secret_is_repeated(texts: list[tuple[str, str]], tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    for text in chain.from_iterable(texts):
        assert "sk-" not in text
        assert "=hash" not in text
