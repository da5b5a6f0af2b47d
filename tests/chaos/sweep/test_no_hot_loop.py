"""No loop of the worker turns fast under any fault: a real process, whose calls and links are counted."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.databases import new_database
from tests.support.running_product import RunningProduct, running_product
from tests.support.waiting import until
from worker.telegram.transport.mtproto_session import MAX_REJECTIONS

# All methods fail at once, with two new leads and two conversations that wait for an answer.
SECONDS = 3.0
MOST_CALLS_A_SECOND, MOST_CONNECTIONS_A_SECOND = 8, 3
FAULTS: list[dict[str, Any]] = [
    {"action": "error", "code": 500, "message": "INTERNAL"},
    {"action": "error", "code": 400, "message": "SOMETHING_NEW"},
    {"action": "error", "code": 400, "message": "PERSISTENT_TIMESTAMP_INVALID"},
    {"action": "error", "code": 420, "message": "FLOOD_WAIT_0"},
    {"action": "drop_before"},
    {"action": "drop_after"},
    {"action": "swallow_before"},
    {"action": "reject", "code": 16},
    {"action": "reject", "code": 32},
    {"action": "reject", "code": 48},
    # The account pauses after it, so it comes last.
    {"action": "error", "code": 403, "message": "USER_RESTRICTED"},
]


@pytest.fixture(scope="module")
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    folder = tmp_path_factory.mktemp("hot")
    with running_product(folder, new_database(request, "sqlite", folder), OWNER_CHAT="me") as product:
        yield product


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.get('code', '')} {fault['action']}")
def test_calls_a_second_while_every_call_fails(product: RunningProduct, fault: dict[str, Any]) -> None:
    answering = [product.add_person() for _ in range(2)]
    leads = [product.submit(Telegram=person["username"])["id"] for person in answering]
    for lead in leads:
        product.wait_for_status(lead, "contacted")
    product.control.delete("/telegram/calls").raise_for_status()
    before = connections(product)
    product.plan_fault(method="*", times=None, **fault)
    for person in answering:
        product.say(person, "Да, давайте созвонимся")
    waiting = [product.add_person() for _ in range(2)]
    leads += [product.submit(Telegram=person["username"])["id"] for person in waiting]
    began = time.monotonic()
    until(lambda: time.monotonic() - began >= SECONDS, "the time in which calls are counted")
    calls = product.control.get("/telegram/calls").json()["calls"]
    # A rejected message is corrected and sent again at once, twice.
    sends = MAX_REJECTIONS if fault["action"] == "reject" else 1
    assert len(calls) / SECONDS <= MOST_CALLS_A_SECOND * sends, [call["method"] for call in calls]
    assert (connections(product) - before) / SECONDS <= MOST_CONNECTIONS_A_SECOND
    product.control.delete("/telegram/faults").raise_for_status()
    if fault.get("message") != "USER_RESTRICTED":
        for lead, status in zip(leads, ["scheduled"] * 2 + ["contacted"] * 2, strict=True):
            product.wait_for_status(lead, status)


def connections(product: RunningProduct) -> int:
    """Return how many connections the worker has opened."""
    known = product.control.get("/telegram/calls").json()["connections"]
    return sum(one["opened"] for one in known.values())


def test_the_log_is_no_hot_loop_either(product: RunningProduct) -> None:
    assert len(product.worker.text().splitlines()) < 100 * len(FAULTS)
