"""A start in an account that is in hundreds of channels, of which many refuse every call: it is as fast."""

import sqlite3
import time
from contextlib import closing

from tests.support.running_product import RunningProduct
from tests.support.waiting import patience_seconds, until

CHANNELS, FAILING_EVERY = 500, 10
# A start of a worker's process, without the imports of the programs: they are loaded before it is forked.
SECONDS = 3.0


def start_again(product: RunningProduct) -> float:
    """Restart the worker; returns how long it took until it was ready, in seconds."""
    product.worker.stop()
    began = time.monotonic()
    product.restart_worker()
    return time.monotonic() - began


def remember_channels(product: RunningProduct, ids: list[int]) -> None:
    """Store states of channels in the session file, as other programs on Kurigram do; some are NULL."""
    (session,) = (product.folder / "session").glob("*.session")
    rows = [(-1_000_000_000_000 - number, None if number % 7 == 0 else 1) for number in ids]
    with closing(sqlite3.connect(session)) as database, database:
        database.executemany("REPLACE INTO update_state VALUES (?, ?, NULL, NULL, NULL)", rows)


def test_a_process_starts_as_fast_among_500_channels(product: RunningProduct) -> None:
    (account, *_) = product.control.get("/accounts").json()
    channels = f"/accounts/{account['id']}/channels"
    usual = start_again(product)
    joined = product.control.put(channels, json={"number": CHANNELS, "failing_every": FAILING_EVERY}).json()
    person = product.add_person()
    lead = product.submit(Telegram=f"@{person['username']}")
    product.wait_for_status(lead["id"], "contacted")
    product.worker.stop()
    product.say(person, "Давайте созвонимся")
    remember_channels(product, joined["ids"])
    product.control.delete("/telegram/calls").raise_for_status()
    began = time.monotonic()
    product.restart_worker()
    took = time.monotonic() - began
    product.wait_for_status(lead["id"], "scheduled")
    calls = product.control.get("/telegram/calls").json()["counts"]
    product.control.put(channels, json={"number": 0}).raise_for_status()
    assert not [method for method in calls if method.startswith("channels.") or "Channel" in method]
    # On a busy machine a start without channels is slow, too.
    assert took < max(SECONDS, 2 * usual, patience_seconds(SECONDS)), (usual, took)
    until(lambda: product.received(person)[1:], "what was written meanwhile is answered")
