"""The heartbeat, and what a container's health check makes of it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from worker.monitoring import heartbeat

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", ["connected", "connecting", "standby"])
def test_a_fresh_beat_is_alive(tmp_path: Path, state: str) -> None:
    path = tmp_path / "x.health"
    heartbeat.beat(path, heartbeat.Report(state), now=NOW)
    assert heartbeat.check(path, now=NOW + heartbeat.STALE_AFTER) == (True, f"alive, {state}")
    assert list(tmp_path.iterdir()) == [path]


def test_a_later_beat_replaces_the_earlier(tmp_path: Path) -> None:
    path = tmp_path / "x.health"
    heartbeat.beat(path, heartbeat.Report("connecting"), now=NOW)
    heartbeat.beat(path, heartbeat.Report("connected"), now=NOW + timedelta(hours=1))
    assert heartbeat.check(path, now=NOW + timedelta(hours=1)) == (True, "alive, connected")


def test_a_stale_beat_is_death(tmp_path: Path) -> None:
    path = tmp_path / "x.health"
    heartbeat.beat(path, heartbeat.Report("connected"), now=NOW)
    alive, said = heartbeat.check(path, now=NOW + timedelta(seconds=61))
    assert not alive
    assert "61 s ago (connected)" in said


def test_it_tells_what_waits_and_what_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "x.health"
    heartbeat.beat(path, heartbeat.Report("connected", 12.4, 1, 2, "the key is refused"), now=NOW)
    said = "alive, connected; oldest due lead 12 s, outbox 1, inbox 2; the key is refused"
    assert heartbeat.check(path, now=NOW) == (True, said)


def test_a_missing_file_is_told_apart(tmp_path: Path) -> None:
    alive, said = heartbeat.check(tmp_path / "x.health", now=NOW)
    assert not alive
    assert "is missing" in said


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b"5",
        b'{"at": 5, "state": "x"}',
        b'{"at": "yesterday", "state": "x"}',
        b'{"at": "2026-11-24T12:00:00", "state": "connected"}',
        b'{"at": "2026-11-24T12:00:00+00:00"}',
        "привет".encode(),
    ],
)
def test_garbage_is_no_life(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.health"
    path.write_bytes(content)
    assert heartbeat.check(path, now=NOW) == (False, f"{path} cannot be read")


def test_a_folder_is_no_life(tmp_path: Path) -> None:
    assert heartbeat.check(tmp_path, now=NOW)[0] is False
