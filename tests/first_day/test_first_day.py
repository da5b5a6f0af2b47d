"""Each thing that goes wrong on a first day is said in one plain line: table.md shows them all."""

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
def texts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the person reads in each case."""
    return [read(case, tmp_path_factory.mktemp("day")) for case in load()]


def test_table_shows_what_is_read(texts: list[str]) -> None:
    rows = [row(number, case, text) for number, (case, text) in enumerate(zip(load(), texts, strict=True), 1)]
    assert TABLE.read_text(encoding="utf-8") == HEAD + "".join(rows)
    assert len(rows) >= 40


def test_each_is_one_plain_line(texts: list[str]) -> None:
    for case, text in zip(load(), texts, strict=True):
        last = text.splitlines()[-1] if text else ""
        assert last, case
        # The log of a worker that ends says the same before the error.
        assert len(text.splitlines()) <= 2, (case, text)
        assert not [word for word in FOREIGN if word in text], (case, text)


def test_no_secret_is_repeated(texts: list[str], tmp_path: Path) -> None:
    assert tmp_path.is_dir()
    for text in texts:
        assert "sk-" not in text
        assert "=hash" not in text
