"""Two accounts share the leads; two workers on one account do not share its connection."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.running_product import Process, RunningProduct, until


@pytest.fixture(scope="module")
def house(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningProduct]:
    """A house of its own on PostgreSQL, where workers on many machines meet."""
    house = RunningProduct(tmp_path_factory.mktemp("two"), request.getfixturevalue("postgres").create())
    yield house
    house.close()


def _second_session(house: RunningProduct, folder: str, account_id: int) -> Path:
    """A signed-in session of an account in a folder of its own, as on another machine."""
    session = house.control.post(f"/accounts/{account_id}/session")
    assert session.is_success, session.text
    path = house.folder / folder
    path.mkdir()
    (path / "ai_assistant.session").write_bytes(session.content)
    return path


@pytest.fixture(scope="module")
def other(house: RunningProduct) -> Iterator[Process]:
    """A second worker, on a second account."""
    account = house.control.post("/accounts", json={"phone": "79990000777", "name": "Second"}).json()
    worker = house.start_worker(TELEGRAM_SESSION_DIR=str(_second_session(house, "second", account["id"])))
    worker.says("ready as ")
    yield worker
    worker.stop()


def test_two_accounts_share_the_leads_without_a_duplicate(house: RunningProduct, other: Process) -> None:
    replies = ["А вы делаете мобильные приложения?", "Отлично, давайте"]
    people = [house.person(replies=replies) for _ in range(30)]
    leads = [house.submit(Telegram=person["username"]) for person in people]
    for lead in leads:
        house.becomes(lead["id"], "scheduled")
    chats = [house.chat(person) for person in people]
    # Greeting, question, answer, acceptance, link: all with the account that began.
    assert {len(chat) for chat in chats} == {5}
    assert all(len({message["account"] for message in chat}) == 1 for chat in chats)
    assert len({chat[0]["account"] for chat in chats}) == 2, "both had a share"
    assert other.exit_code is None


def test_a_reply_waits_for_the_account_that_began(house: RunningProduct, other: Process) -> None:
    people = [house.person() for _ in range(8)]
    for lead in [house.submit(Telegram=person["username"]) for person in people]:
        house.becomes(lead["id"], "contacted")
    theirs = [person for person in people if house.chat(person)[0]["account"] == 7000000001]
    house.worker.stop(signal.SIGKILL)
    for person in people:
        house.say(person, "Сколько стоит сайт?")
    others = [person for person in people if person not in theirs]
    until(
        lambda: all(len(house.received(person)) == 2 for person in others),
        "the other account answers its own",
    )
    assert all(len(house.received(person)) == 1 for person in theirs)
    house.worker = house.start_worker()
    until(
        lambda: all(len(house.received(person)) == 2 for person in theirs),
        "the first answers after its return",
    )


def test_one_account_on_two_machines_is_connected_once(house: RunningProduct) -> None:
    session = _second_session(house, "elsewhere", 7000000001)
    second = house.start_worker(TELEGRAM_SESSION_DIR=str(session))
    second.says("standing by")
    person = house.person()
    house.becomes(house.submit(Telegram=person["username"])["id"], "contacted")
    assert house.worker.stop() == 0
    second.says("ready as ")
    person = house.person()
    house.becomes(house.submit(Telegram=person["username"])["id"], "contacted")
    second.stop()
    connections = house.control.get("/telegram/calls").json()["connections"]
    assert {key["most"] for key in connections.values()} == {1}
    house.worker = house.start_worker()
    house.worker.says("ready as ")
