"""A stop, a kill or a lost connection of the worker changes nothing for the people."""

import signal
import time
from collections.abc import Iterator

import pytest

from tests.support.databases import new_database
from tests.support.running_product import LINK, RunningProduct, running_product
from tests.support.waiting import patience_seconds, until


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """A separate product, because these tests kill its worker."""
    folder = tmp_path_factory.mktemp(f"restarts-{request.param}")
    with running_product(folder, new_database(request, request.param, folder)) as product:
        yield product


def _contacted(product: RunningProduct) -> tuple[dict, dict]:
    person = product.add_person()
    lead = product.submit(Telegram=person["username"])
    return person, product.wait_for_status(lead["id"], "contacted")


def test_replies_during_a_stop_are_answered_after_it(product: RunningProduct) -> None:
    person, lead = _contacted(product)
    assert product.worker.stop() == 0
    product.say(person, "Да, давайте созвонимся")
    product.restart_worker()
    product.wait_for_status(lead["id"], "scheduled")
    assert [LINK in text for text in product.received(person)] == [False, True]


def test_replies_during_a_kill_are_answered_after_it(product: RunningProduct) -> None:
    person, lead = _contacted(product)
    product.worker.stop(signal.SIGKILL)
    product.say(person, "Да, давайте созвонимся")
    product.restart_worker()
    product.wait_for_status(lead["id"], "scheduled")
    assert [LINK in text for text in product.received(person)] == [False, True]


@pytest.mark.parametrize("action", ["delay_before", "delay_after"])
def test_a_kill_during_a_send_greets_exactly_once(product: RunningProduct, action: str) -> None:
    person = product.add_person()
    product.plan_fault(action=action, method="messages.SendMessage", person=person["id"], seconds=20, times=1)
    lead = product.submit(Telegram=person["username"])
    until(lambda: _sending(product, person["id"]), "the greeting is on its way")
    product.worker.stop(signal.SIGKILL)
    product.restart_worker()
    product.wait_for_status(lead["id"], "contacted")
    assert len(product.received(person)) == 1
    sent = [message["random_id"] for message in product.chat(person)]
    assert len(set(sent)) == 1


def _sending(product: RunningProduct, person_id: int) -> bool:
    calls = product.control.get("/telegram/calls").json()["calls"]
    return any(c["method"].endswith("SendMessage") and str(person_id) in str(c["args"]) for c in calls)


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "swallow_after"])
def test_a_broken_connection_during_a_send_greets_exactly_once(product: RunningProduct, action: str) -> None:
    person = product.add_person()
    product.plan_fault(action=action, method="messages.SendMessage", person=person["id"], times=1)
    lead = product.submit(Telegram=person["username"])
    product.wait_for_status(lead["id"], "contacted")
    assert len(product.received(person)) == 1


def test_lost_updates_are_found_in_the_history(product: RunningProduct) -> None:
    person, lead = _contacted(product)
    product.plan_fault(action="suppress", person=person["id"], times=5)
    product.say(person, "Да, давайте созвонимся")
    assert product.control.post("/telegram/drop").is_success
    product.wait_for_status(lead["id"], "scheduled")


def test_skipped_updates_are_found_in_the_history(product: RunningProduct) -> None:
    person, lead = _contacted(product)
    product.worker.stop(signal.SIGKILL)
    product.say(person, "Да, давайте созвонимся")
    product.plan_fault(action="difference_too_long", method="updates.GetDifference", times=1)
    product.restart_worker()
    product.wait_for_status(lead["id"], "scheduled")


def test_a_new_session_file_misses_nothing(product: RunningProduct) -> None:
    person, lead = _contacted(product)
    product.worker.stop(signal.SIGKILL)
    product.say(person, "Да, давайте созвонимся")
    session = product.control.post(f"/accounts/{product.facts['account']}/session")
    (product.folder / "session" / "ai_assistant.session").write_bytes(session.content)
    product.restart_worker()
    product.wait_for_status(lead["id"], "scheduled")
    assert [LINK in text for text in product.received(person)] == [False, True]


def test_an_edited_message_is_answered_as_edited(product: RunningProduct) -> None:
    person, lead = _contacted(product)
    product.worker.stop(signal.SIGKILL)
    product.say(person, "Нет, спасибо")
    (written,) = [message for message in product.chat(person) if message["from"] == "person"]
    product.control.post(
        f"/people/{person['id']}/messages", json={"edit": written["id"], "text": "Да, давайте"}
    )
    product.restart_worker()
    product.wait_for_status(lead["id"], "scheduled")
    assert len(product.received(person)) == 2


def test_sigterm_finishes_the_work_in_progress(product: RunningProduct) -> None:
    person = product.add_person()
    product.plan_fault(
        action="delay_before", method="messages.SendMessage", person=person["id"], seconds=2, times=1
    )
    lead = product.submit(Telegram=person["username"])
    until(lambda: _sending(product, person["id"]), "the greeting is on its way")
    began = time.monotonic()
    assert product.worker.stop() == 0
    assert time.monotonic() - began < patience_seconds(15)
    assert product.get_lead(lead["id"])["status"] == "contacted"
    assert len(product.received(person)) == 1
    product.restart_worker()


def test_a_second_worker_on_the_session_stands_by_and_takes_over(product: RunningProduct) -> None:
    second = product.start_worker()
    second.wait_for_log("standing by")
    product.worker.stop(signal.SIGKILL)
    second.wait_for_log("ready as @")
    product.worker = second
    _contacted(product)


def test_a_revoked_session_keeps_the_lead_and_names_the_remedy(product: RunningProduct) -> None:
    person = product.add_person()
    product.plan_fault(
        action="error", method="contacts.ResolveUsername", code=401, message="SESSION_REVOKED", times=1
    )
    lead = product.submit(Telegram=person["username"])
    assert product.worker.wait() == 3
    assert "python -m worker login" in product.worker.text().splitlines()[-1]
    assert "Traceback" not in product.worker.text()
    assert product.get_lead(lead["id"])["status"] == "pending"
    product.restart_worker()
    product.wait_for_status(lead["id"], "contacted")
