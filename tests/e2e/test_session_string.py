"""A worker on a machine without a disk: its session is a setting, and nothing is lost when it dies."""

import base64
import shutil
import socket
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from tests.support.running_product import LINK, RunningProduct


def string_of(session_file: Path) -> str:
    """A session file's session as a line; the file is not used any more."""
    with closing(sqlite3.connect(session_file)) as database:
        row = database.execute("SELECT dc_id, api_id, test_mode, auth_key, user_id FROM sessions").fetchone()
    session_file.unlink()
    dc_id, api_id, test_mode, auth_key, user_id = row
    packed = struct.pack(">BI?256sQ?", dc_id, api_id, bool(test_mode), auth_key, user_id, False)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


@pytest.fixture
def alone(tmp_path: Path, sqlite_template: Path) -> Iterator[RunningProduct]:
    """A house of its own: its session changes its form."""
    shutil.copy(sqlite_template, tmp_path / "leads.db")
    house = RunningProduct(tmp_path, f"sqlite:///{tmp_path / 'leads.db'}")
    yield house
    house.close()


def test_what_came_while_nobody_listened_is_answered(alone: RunningProduct) -> None:
    person = alone.person()
    lead = alone.submit(username=person["username"])
    alone.becomes(lead["id"], "contacted")
    assert alone.worker.stop() == 0
    # The session's memory of what it has received is gone with the file.
    file = alone.folder / "session" / "ai_assistant.session"
    session = {"TELEGRAM_SESSION_STRING": string_of(file), "TELEGRAM_SERVER": alone.facts["telegram"]}
    alone.say(person, "Да, давайте созвонимся")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    alone.worker = alone.start_worker(**session, HEALTH_PORT=port)
    alone.becomes(lead["id"], "scheduled")
    assert httpx2.get(f"http://127.0.0.1:{port}/readyz").json()["state"] == "connected"
    # Without a file to lock, the database says whose turn it is.
    second = alone.start_worker(**session)
    try:
        second.says("standing by")
        assert alone.worker.stop() == 0
        second.says("ready as @")
    finally:
        second.stop()
    assert len([text for text in alone.received(person) if LINK in text]) == 1
    assert not file.exists()
