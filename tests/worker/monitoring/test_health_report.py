"""Tests the heartbeat file and the health check that reads it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from worker.monitoring import health_report

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("state", ["connected", "connecting", "standby"])
def test_recent_heartbeat_is_alive(tmp_path: Path, state: str) -> None:
    path = tmp_path / "x.health"
    health_report.write(path, health_report.Report(state), now=NOW)
    assert health_report.check(path, now=NOW + health_report.STALE_AFTER) == (True, f"alive, {state}")
    assert list(tmp_path.iterdir()) == [path]


def test_later_heartbeat_replaces_the_earlier(tmp_path: Path) -> None:
    path = tmp_path / "x.health"
    health_report.write(path, health_report.Report("connecting"), now=NOW)
    health_report.write(path, health_report.Report("connected"), now=NOW + timedelta(hours=1))
    assert health_report.check(path, now=NOW + timedelta(hours=1)) == (True, "alive, connected")


def test_stale_heartbeat_is_not_alive(tmp_path: Path) -> None:
    path = tmp_path / "x.health"
    health_report.write(path, health_report.Report("connected"), now=NOW)
    alive, line = health_report.check(path, now=NOW + timedelta(seconds=61))
    assert not alive
    assert "61 s ago (connected)" in line


def test_line_shows_the_backlog_and_the_trouble(tmp_path: Path) -> None:
    path = tmp_path / "x.health"
    health_report.write(path, health_report.Report("connected", 12.4, 1, 2, "the key is refused"), now=NOW)
    line = "alive, connected; oldest due lead 12 s, outbox 1, inbox 2; the key is refused"
    assert health_report.check(path, now=NOW) == (True, line)


def test_worker_that_has_ended_is_not_alive(tmp_path: Path) -> None:
    path = tmp_path / "x.health"
    health_report.write_end(path, "the session has ended", now=NOW)
    assert health_report.check(path, now=NOW) == (False, "the worker has ended: the session has ended")
    health_report.write_end(tmp_path / "nowhere" / "x.health", "no disk", now=NOW)


def test_missing_file_is_reported_as_missing(tmp_path: Path) -> None:
    alive, line = health_report.check(tmp_path / "x.health", now=NOW)
    assert not alive
    assert "is missing" in line


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
def test_malformed_file_is_not_alive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.health"
    path.write_bytes(content)
    assert health_report.check(path, now=NOW) == (False, f"{path} cannot be read")


def test_folder_instead_of_a_file_is_not_alive(tmp_path: Path) -> None:
    assert health_report.check(tmp_path, now=NOW)[0] is False
