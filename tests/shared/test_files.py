"""A file that cannot be used is named with its fault and the way out; new files are private."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from shared import files
from shared.files import read_text

TEXT = "Мы делаем сайты — быстро и ёмко.\n"


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may read everything: become another user."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "profile.md"
    path.write_text(TEXT, encoding=encoding)
    assert read_text(path) == TEXT


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (TEXT.encode("cp1251"), "is Windows-1251 text: save it as UTF-8"),
        (TEXT.encode("utf-16"), "is UTF-16 text: save it as UTF-8"),
        ("Grüße, é".encode("latin-1"), "is not UTF-8 text: save it as UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is no text file"),
        (b"PK\x03\x04\x00\x00", "is no text file"),
        (b"x" * (files.MAX_TEXT_BYTES + 1), "has 1024 KiB: at most 1024 KiB are read"),
    ],
)
def test_the_fault_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "profile.md"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=re.escape(says)):
        read_text(path)


def test_folders_missing_and_forbidden_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"):
        read_text(tmp_path)
    with pytest.raises(ValueError, match="is not there"):
        read_text(tmp_path / "none")
    path = Path("/tmp") / f"forbidden-{os.getpid()}"
    path.write_text(TEXT)
    try:
        path.chmod(0)
        with as_nobody(), pytest.raises(ValueError, match="may not be read by this user"):
            read_text(path)
    finally:
        path.unlink()


def test_new_files_are_private(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        files.make_new_files_private()
        (tmp_path / "new").write_text("")
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
    finally:
        os.umask(before)
