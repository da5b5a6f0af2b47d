"""The disk of the session is really full: the worker says so, loses nothing, and goes on by itself."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.environment.disks import filled, require_disk, small_disk
from tests.chaos.outages.products import SETTINGS
from tests.conftest import migrate
from tests.support.running_product import RunningProduct, running_product
from tests.support.waiting import patience_seconds, until

pytestmark = pytest.mark.skipif("CHAOS" not in os.environ, reason="make chaos")

QUESTION = "А вы делаете мобильные приложения?"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk for the session alone."""
    with small_disk(tmp_path / "disk", megabytes=2) as disk:
        require_disk(disk)
        yield disk


@pytest.fixture
def product(tmp_path: Path, disk: Path) -> Iterator[RunningProduct]:
    """A product on SQLite whose session is on that disk."""
    folder = tmp_path / "product"
    folder.mkdir()
    url = f"sqlite:///{folder / 'leads.db'}"
    migrate(url)
    with running_product(folder, url, **SETTINGS) as product:
        product.worker.stop()
        shutil.copytree(folder / "session", disk, dirs_exist_ok=True)
        product.settings["TELEGRAM_SESSION_DIR"] = str(disk)
        product.restart_worker()
        yield product


@pytest.mark.timeout(patience_seconds(600))
def test_the_disk_of_the_session_is_full_for_a_while(product: RunningProduct, disk: Path) -> None:
    people = [product.add_person() for _ in range(3)]
    leads = [product.submit(Telegram=person["username"])["id"] for person in people]
    for lead in leads:
        product.wait_for_status(lead, "contacted")
    running, killed, later = people
    with filled(disk):
        # People whom the session file does not know.
        people.append(product.add_person())
        leads.append(product.submit(Telegram=people[-1]["username"])["id"])
        product.wait_for_status(leads[-1], "contacted")
        product.say(running, QUESTION)
        product.wait_for_status(leads[0], "engaged")
        assert product.worker.exit_code is None
        product.worker.stop(signal.SIGKILL)
        product.say(killed, QUESTION)
        product.worker = product.start_worker()
        until(
            lambda: "no space is left" in product.worker.text() or "is full" in product.worker.text(),
            "the worker says it",
        )
    product.wait_for_status(leads[1], "engaged")
    product.say(later, QUESTION)
    product.wait_for_status(leads[2], "engaged")
    assert product.worker.exit_code is None
    assert [len(product.received(person)) for person in people] == [2, 2, 2, 1]
    assert product.unfinished_work() == []
