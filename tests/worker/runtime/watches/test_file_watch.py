"""A file that changes while the worker runs is told of once for each change."""

import os
from pathlib import Path

import pytest

from worker.runtime.watches.file_watch import FileWatch


def test_each_change_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    profile, dotenv = tmp_path / "profile.md", tmp_path / ".env"
    profile.write_text("old")
    watch = FileWatch([profile, dotenv])
    watch.check()
    assert not caplog.records
    profile.write_text("newer")
    dotenv.write_text("A=1")
    for _ in range(3):
        watch.check()
    assert [record.getMessage() for record in caplog.records] == [
        f"{path} has changed: restart the worker to use it" for path in (profile, dotenv)
    ]
    os.utime(profile, ns=(1, 1))
    watch.check()
    profile.unlink()
    watch.check()
    assert len(caplog.records) == 4
