"""Two accounts share the leads; of two workers on one account only one is connected."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.databases import new_database
from tests.support.processes import Process
from tests.support.running_product import RunningProduct, running_product
from tests.support.waiting import until


@pytest.fixture(scope="module")
def product(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[RunningProduct]:
    """A separate product on PostgreSQL, the database for workers on several machines."""
    folder = tmp_path_factory.mktemp("two")
    with running_product(folder, new_database(request, "postgresql", folder)) as product:
        yield product


def _second_session(product: RunningProduct, folder: str, account_id: int) -> Path:
    """Create a signed-in session of an account in another folder, as on another machine."""
    session = product.control.post(f"/accounts/{account_id}/session")
    assert session.is_success, session.text
    path = product.folder / folder
    path.mkdir()
    (path / "ai_assistant.session").write_bytes(session.content)
    return path


@pytest.fixture(scope="module")
def other(product: RunningProduct) -> Iterator[Process]:
    """A second worker, on a second account."""
    account = product.control.post("/accounts", json={"phone": "79990000777", "name": "Second"}).json()
    worker = product.start_worker(TELEGRAM_SESSION_DIR=str(_second_session(product, "second", account["id"])))
    worker.wait_for_log("ready as ")
    yield worker
    worker.stop()


def test_two_accounts_share_the_leads_without_duplicates(product: RunningProduct, other: Process) -> None:
    replies = ["А вы делаете мобильные приложения?", "Отлично, давайте"]
    people = [product.add_person(replies=replies) for _ in range(30)]
    leads = [product.submit(Telegram=person["username"]) for person in people]
    for lead in leads:
        product.wait_for_status(lead["id"], "scheduled")
    chats = [product.chat(person) for person in people]
    # Greeting, question, answer, acceptance, link: all with the account that sent the greeting.
    assert {len(chat) for chat in chats} == {5}
    assert all(len({message["account"] for message in chat}) == 1 for chat in chats)
    assert len({chat[0]["account"] for chat in chats}) == 2, "both accounts got leads"
    assert other.exit_code is None


def test_a_reply_waits_for_the_account_of_the_greeting(product: RunningProduct, other: Process) -> None:
    people = [product.add_person() for _ in range(8)]
    for lead in [product.submit(Telegram=person["username"]) for person in people]:
        product.wait_for_status(lead["id"], "contacted")
    first_account = [person for person in people if product.chat(person)[0]["account"] == 7000000001]
    product.worker.stop(signal.SIGKILL)
    for person in people:
        product.say(person, "Сколько стоит сайт?")
    others = [person for person in people if person not in first_account]
    until(
        lambda: all(len(product.received(person)) == 2 for person in others),
        "the other account answers its own",
    )
    assert all(len(product.received(person)) == 1 for person in first_account)
    product.worker = product.start_worker()
    until(
        lambda: all(len(product.received(person)) == 2 for person in first_account),
        "the first answers after its return",
    )


def test_one_account_on_two_machines_is_connected_once(product: RunningProduct) -> None:
    session = _second_session(product, "elsewhere", 7000000001)
    second = product.start_worker(TELEGRAM_SESSION_DIR=str(session))
    second.wait_for_log("standing by")
    person = product.add_person()
    product.wait_for_status(product.submit(Telegram=person["username"])["id"], "contacted")
    assert product.worker.stop() == 0
    second.wait_for_log("ready as ")
    person = product.add_person()
    product.wait_for_status(product.submit(Telegram=person["username"])["id"], "contacted")
    second.stop()
    connections = product.control.get("/telegram/calls").json()["connections"]
    assert {key["most"] for key in connections.values()} == {1}
    product.restart_worker()
