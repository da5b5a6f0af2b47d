"""A worker without a disk: its session is a setting, and nothing is lost in a restart."""

import base64
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from sandbox.demo.product_processes import free_port
from tests.support.running_product import LINK, RunningProduct, running_product
from tests.support.waiting import patience_seconds


def string_of(session_file: Path) -> str:
    """Convert a session file to a session string, and delete the file."""
    with closing(sqlite3.connect(session_file)) as database:
        row = database.execute("SELECT dc_id, api_id, test_mode, auth_key, user_id FROM sessions").fetchone()
    session_file.unlink()
    dc_id, api_id, test_mode, auth_key, user_id = row
    packed = struct.pack(">BI?256sQ?", dc_id, api_id, bool(test_mode), auth_key, user_id, False)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


@pytest.fixture
def product(tmp_path: Path, sqlite_url: str) -> Iterator[RunningProduct]:
    """A separate product, because its session file becomes a setting."""
    with running_product(tmp_path, sqlite_url) as product:
        yield product


def test_a_reply_during_a_stop_is_answered(product: RunningProduct) -> None:
    person = product.add_person()
    lead = product.submit(Telegram=person["username"])
    product.wait_for_status(lead["id"], "contacted")
    assert product.worker.stop() == 0
    # The file with the state of received updates is deleted.
    file = product.folder / "session" / "ai_assistant.session"
    session = {"TELEGRAM_SESSION_STRING": string_of(file), "TELEGRAM_SERVER": product.facts["telegram"]}
    product.say(person, "Да, давайте созвонимся")
    port = str(free_port())
    product.worker = product.start_worker(**session, HEALTH_PORT=port)
    product.wait_for_status(lead["id"], "scheduled")
    assert (
        httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=patience_seconds()).json()["state"]
        == "connected"
    )
    # Without a file to lock, the account lease in the database decides which worker runs.
    second = product.start_worker(**session)
    try:
        second.wait_for_log("standing by")
        assert product.worker.stop() == 0
        second.wait_for_log("ready as @")
    finally:
        second.stop()
    assert len([text for text in product.received(person) if LINK in text]) == 1
    assert not file.exists()
