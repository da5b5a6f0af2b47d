"""Telegram's waits are kept by a worker that was killed inside them, and nothing else waits for them."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running_product import RunningProduct, until

FLOOD = {"action": "error", "code": 420}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[RunningProduct]:
    """A house of its own: its account is told to wait for long."""
    folder = tmp_path_factory.mktemp("waits")
    (folder / "leads.db").write_bytes(sqlite_template.read_bytes())
    house = RunningProduct(folder, f"sqlite:///{folder / 'leads.db'}")
    yield house
    house.close()


def _calls(house: RunningProduct, method: str) -> list[dict]:
    return house.control.get("/telegram/calls", params={"method": method}).json()["calls"]


def _kill_and_restart(house: RunningProduct) -> None:
    house.worker.stop(signal.SIGKILL)
    house.worker = house.start_worker()
    house.worker.says("ready as @")


def test_a_wait_before_sending_is_kept_over_a_kill_and_then_ends(house: RunningProduct) -> None:
    house.fault(**FLOOD, method="messages.SendMessage", message="FLOOD_WAIT_4")
    people = [house.person() for _ in range(2)]
    leads = [house.submit(Telegram=people[0]["username"])]
    (refused,) = until(lambda: _calls(house, "messages.SendMessage"), "the first message is refused")
    until(lambda: "asks to wait" in str(house.lead(leads[0]["id"])["last_error"]), "it is written down")
    house.worker.stop(signal.SIGKILL)
    leads.append(house.submit(Telegram=people[1]["username"]))
    house.worker = house.start_worker()
    for lead in leads:
        house.becomes(lead["id"], "contacted")
    first, *later = _calls(house, "messages.SendMessage")
    assert first["at"] == refused["at"]
    assert len(later) == 2
    assert min(call["at"] for call in later) >= first["at"] + 4


def test_a_wait_of_hours_before_usernames_stops_nothing_else(house: RunningProduct) -> None:
    talking = house.person()
    conversation = house.submit(Telegram=talking["username"])
    house.becomes(conversation["id"], "contacted")
    before = len(_calls(house, "contacts.ResolveUsername"))
    house.fault(**FLOOD, method="contacts.ResolveUsername", message="FLOOD_WAIT_64800")
    waiting = house.submit(Telegram=house.person()["username"])
    until(lambda: "64800 s" in str(house.lead(waiting["id"])["last_error"]), "it is told to wait")
    _kill_and_restart(house)
    second = house.submit(Telegram=house.person()["username"])
    by_phone = house.person(username=None)
    both = house.person()
    third = house.submit(Phone=f"+{by_phone['phone']}")
    fourth = house.submit(Telegram=both["username"], Phone=f"+{both['phone']}")
    assert house.becomes(third["id"], "contacted")["resolved_via"] == "phone"
    assert house.becomes(fourth["id"], "contacted")["resolved_via"] == "phone"
    house.say(talking, "Да, давайте созвонимся")
    house.becomes(conversation["id"], "scheduled")
    assert len(_calls(house, "contacts.ResolveUsername")) == before + 1
    statuses = house.statuses()
    assert statuses[waiting["id"]] == statuses[second["id"]] == "pending"
    assert "look anybody up this way" in house.lead(second["id"])["last_error"]
