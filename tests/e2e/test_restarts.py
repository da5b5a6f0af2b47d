"""What a stop, a kill and a time away change for the people on the other side: nothing."""

import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running_product import LINK, RunningProduct, until


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[RunningProduct]:
    """A house of its own: these journeys kill its worker."""
    folder = tmp_path_factory.mktemp(f"restarts-{request.param}")
    if request.param == "sqlite":
        shutil.copy(sqlite_template, folder / "leads.db")
        url = f"sqlite:///{folder / 'leads.db'}"
    else:
        url = request.getfixturevalue("postgres").create()
    house = RunningProduct(folder, url)
    yield house
    house.close()


def _restart(house: RunningProduct) -> None:
    house.worker = house.start_worker()
    house.worker.says("ready as @")


def _contacted(house: RunningProduct) -> tuple[dict, dict]:
    person = house.person()
    lead = house.submit(Telegram=person["username"])
    return person, house.becomes(lead["id"], "contacted")


def test_replies_during_a_stop_are_answered_after_it(house: RunningProduct) -> None:
    person, lead = _contacted(house)
    assert house.worker.stop() == 0
    house.say(person, "Да, давайте созвонимся")
    _restart(house)
    house.becomes(lead["id"], "scheduled")
    assert [LINK in text for text in house.received(person)] == [False, True]


def test_replies_during_a_kill_are_answered_after_it(house: RunningProduct) -> None:
    person, lead = _contacted(house)
    house.worker.stop(signal.SIGKILL)
    house.say(person, "Да, давайте созвонимся")
    _restart(house)
    house.becomes(lead["id"], "scheduled")
    assert [LINK in text for text in house.received(person)] == [False, True]


@pytest.mark.parametrize("action", ["delay_before", "delay_after"])
def test_a_kill_in_mid_send_greets_exactly_once(house: RunningProduct, action: str) -> None:
    person = house.person()
    house.fault(action=action, method="messages.SendMessage", person=person["id"], seconds=20, times=1)
    lead = house.submit(Telegram=person["username"])
    until(lambda: _sending(house, person["id"]), "the greeting is on its way")
    house.worker.stop(signal.SIGKILL)
    _restart(house)
    house.becomes(lead["id"], "contacted")
    assert len(house.received(person)) == 1
    sent = [message["random_id"] for message in house.chat(person)]
    assert len(set(sent)) == 1


def _sending(house: RunningProduct, person_id: int) -> bool:
    calls = house.control.get("/telegram/calls").json()["calls"]
    return any(c["method"].endswith("SendMessage") and str(person_id) in str(c["args"]) for c in calls)


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "swallow_after"])
def test_a_link_that_breaks_in_mid_send_greets_exactly_once(house: RunningProduct, action: str) -> None:
    person = house.person()
    house.fault(action=action, method="messages.SendMessage", person=person["id"], times=1)
    lead = house.submit(Telegram=person["username"])
    house.becomes(lead["id"], "contacted")
    assert len(house.received(person)) == 1


def test_updates_that_never_came_are_found_in_history(house: RunningProduct) -> None:
    person, lead = _contacted(house)
    house.fault(action="suppress", person=person["id"], times=5)
    house.say(person, "Да, давайте созвонимся")
    assert house.control.post("/telegram/drop").is_success
    house.becomes(lead["id"], "scheduled")


def test_a_difference_too_long_is_made_up_from_history(house: RunningProduct) -> None:
    person, lead = _contacted(house)
    house.worker.stop(signal.SIGKILL)
    house.say(person, "Да, давайте созвонимся")
    house.fault(action="difference_too_long", method="updates.GetDifference", times=1)
    _restart(house)
    house.becomes(lead["id"], "scheduled")


def test_a_session_that_remembers_nothing_misses_nothing(house: RunningProduct) -> None:
    person, lead = _contacted(house)
    house.worker.stop(signal.SIGKILL)
    house.say(person, "Да, давайте созвонимся")
    session = house.control.post(f"/accounts/{house.facts['account']}/session")
    (house.folder / "session" / "ai_assistant.session").write_bytes(session.content)
    _restart(house)
    house.becomes(lead["id"], "scheduled")
    assert [LINK in text for text in house.received(person)] == [False, True]


def test_an_edit_before_the_answer_is_what_is_answered(house: RunningProduct) -> None:
    person, lead = _contacted(house)
    house.worker.stop(signal.SIGKILL)
    house.say(person, "Нет, спасибо")
    (written,) = [message for message in house.chat(person) if message["from"] == "person"]
    house.control.post(
        f"/people/{person['id']}/messages", json={"edit": written["id"], "text": "Да, давайте"}
    )
    _restart(house)
    house.becomes(lead["id"], "scheduled")
    assert len(house.received(person)) == 2


def test_sigterm_finishes_what_is_in_hand(house: RunningProduct) -> None:
    person = house.person()
    house.fault(action="delay_before", method="messages.SendMessage", person=person["id"], seconds=2, times=1)
    lead = house.submit(Telegram=person["username"])
    until(lambda: _sending(house, person["id"]), "the greeting is on its way")
    began = time.monotonic()
    assert house.worker.stop() == 0
    assert time.monotonic() - began < 15
    assert house.lead(lead["id"])["status"] == "contacted"
    assert len(house.received(person)) == 1
    _restart(house)


def test_a_second_worker_on_the_session_stands_by_and_takes_over(house: RunningProduct) -> None:
    second = house.start_worker()
    second.says("standing by")
    house.worker.stop(signal.SIGKILL)
    second.says("ready as @")
    house.worker = second
    _contacted(house)


def test_a_revoked_session_keeps_the_lead_and_says_what_to_do(house: RunningProduct) -> None:
    person = house.person()
    house.fault(
        action="error", method="contacts.ResolveUsername", code=401, message="SESSION_REVOKED", times=1
    )
    lead = house.submit(Telegram=person["username"])
    assert house.worker.wait(20) == 3
    assert "python -m worker login" in house.worker.text().splitlines()[-1]
    assert "Traceback" not in house.worker.text()
    assert house.lead(lead["id"])["status"] == "pending"
    _restart(house)
    house.becomes(lead["id"], "contacted")
