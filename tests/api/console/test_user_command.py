"""`python -m api user`, as an administrator runs it."""

from pathlib import Path

import pytest

from tests.support import api_process


def _run(folder: Path, url: str, *words: str) -> tuple[int, str, str]:
    done = api_process.run(folder, "user", *words, DATABASE_URL=url)
    return done.returncode, done.stdout, done.stderr


def test_the_life_of_a_user(tmp_path: Path, sqlite_url: str) -> None:
    code, out, _ = _run(tmp_path, sqlite_url, "add", "Мария", "--role", "owner")
    assert code == 0
    assert out.splitlines()[-1].startswith("/console/welcome/")
    assert "owner" in _run(tmp_path, sqlite_url, "list")[1]
    code, reset, _ = _run(tmp_path, sqlite_url, "reset", "мария")
    assert code == 0
    assert reset != out
    assert _run(tmp_path, sqlite_url, "remove", "Мария")[0] == 0
    assert "there are no users" in _run(tmp_path, sqlite_url, "list")[1]


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (("reset", "nobody"), "there is no user nobody"),
        (("remove", "nobody"), "there is no user nobody"),
        (("add", "api"), "names a part of the program"),
        (("add", " "), "a name has 1 to 60 printable characters"),
        (("add", "x", "--role", "king"), "invalid choice"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, sqlite_url: str, words: tuple[str, ...], fault: str) -> None:
    code, out, error = _run(tmp_path, sqlite_url, *words)
    assert code == 2
    assert out == ""
    assert fault in error
    assert "Traceback" not in error
