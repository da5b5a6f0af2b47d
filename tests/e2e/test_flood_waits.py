"""Flood waits survive a kill of the worker, and stop no other calls."""

import signal
from collections.abc import Iterator

import pytest

from tests.support.databases import new_database
from tests.support.running_product import RunningProduct, running_product
from tests.support.waiting import until

FLOOD = {"action": "error", "code": 420}


@pytest.fixture(scope="module")
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """A separate product, because its account gets long flood waits."""
    folder = tmp_path_factory.mktemp("waits")
    with running_product(folder, new_database(request, "sqlite", folder)) as product:
        yield product


def _calls(product: RunningProduct, method: str) -> list[dict]:
    return product.control.get("/telegram/calls", params={"method": method}).json()["calls"]


def _kill_and_restart(product: RunningProduct) -> None:
    product.worker.stop(signal.SIGKILL)
    product.restart_worker()


def test_a_flood_wait_for_sending_survives_a_kill_and_then_ends(product: RunningProduct) -> None:
    product.plan_fault(**FLOOD, method="messages.SendMessage", message="FLOOD_WAIT_4")
    people = [product.add_person() for _ in range(2)]
    leads = [product.submit(Telegram=people[0]["username"])]
    (refused,) = until(lambda: _calls(product, "messages.SendMessage"), "the first message is refused")
    until(
        lambda: "asks to wait" in str(product.get_lead(leads[0]["id"])["last_error"]),
        "the flood wait is recorded",
    )
    product.worker.stop(signal.SIGKILL)
    leads.append(product.submit(Telegram=people[1]["username"]))
    product.worker = product.start_worker()
    for lead in leads:
        product.wait_for_status(lead["id"], "contacted")
    first, *later = _calls(product, "messages.SendMessage")
    assert first["at"] == refused["at"]
    assert len(later) == 2
    assert min(call["at"] for call in later) >= first["at"] + 4


def test_a_flood_wait_for_usernames_stops_nothing_else(product: RunningProduct) -> None:
    talking = product.add_person()
    conversation = product.submit(Telegram=talking["username"])
    product.wait_for_status(conversation["id"], "contacted")
    before = len(_calls(product, "contacts.ResolveUsername"))
    product.plan_fault(**FLOOD, method="contacts.ResolveUsername", message="FLOOD_WAIT_64800")
    waiting = product.submit(Telegram=product.add_person()["username"])
    until(
        lambda: "64800 s" in str(product.get_lead(waiting["id"])["last_error"]), "the flood wait is recorded"
    )
    _kill_and_restart(product)
    second = product.submit(Telegram=product.add_person()["username"])
    by_phone = product.add_person(username=None)
    both = product.add_person()
    third = product.submit(Phone=f"+{by_phone['phone']}")
    fourth = product.submit(Telegram=both["username"], Phone=f"+{both['phone']}")
    assert product.wait_for_status(third["id"], "contacted")["resolved_via"] == "phone"
    assert product.wait_for_status(fourth["id"], "contacted")["resolved_via"] == "phone"
    product.say(talking, "Да, давайте созвонимся")
    product.wait_for_status(conversation["id"], "scheduled")
    assert len(_calls(product, "contacts.ResolveUsername")) == before + 1
    statuses = product.statuses()
    assert statuses[waiting["id"]] == statuses[second["id"]] == "pending"
    assert "look anybody up this way" in product.get_lead(second["id"])["last_error"]
