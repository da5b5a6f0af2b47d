"""People who write before we write to them, and people who could not be written to and write themselves."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import new_database
from tests.support.running_product import RunningProduct, running_product, token_of_link
from tests.support.waiting import until

REQUEST = "Нужен сайт кофейни"
QUESTION = "Здравствуйте! Сколько стоит сайт?"
CALL = "Давайте созвонимся"
WEAK = {"username": {"field": "Контакт", "strength": "weak", "reason": "a field for any contact"}}
Person = dict[str, Any]


def _say(product: RunningProduct, person: Person, *texts: str) -> None:
    account = product.control.get("/accounts").json()[0]["id"]
    product.say(person, *texts, account=account)


def _change(product: RunningProduct, person: Person, **fields: object) -> None:
    answer = product.control.patch(f"/people/{person['id']}", json=fields)
    assert answer.is_success, answer.text


def _unread(product: RunningProduct, person: Person) -> int:
    return int(product.control.get(f"/people/{person['id']}/unread").json()["unread"])


def _kinds(product: RunningProduct, lead_id: int) -> list[tuple[str, str]]:
    return [(one["kind"], one["state"]) for one in product.get_lead(lead_id)["messages"]]


@pytest.fixture
def paused(product: RunningProduct) -> Iterator[RunningProduct]:
    """The product with a worker that may write to nobody new for an hour."""
    product.execute("UPDATE telegram_accounts SET next_outreach_at = '2099-01-01 00:00:00+00:00'")
    yield product
    product.execute("UPDATE telegram_accounts SET next_outreach_at = NULL")


def test_a_person_who_writes_before_the_greeting_is_answered_with_it(paused: RunningProduct) -> None:
    product, person = paused, paused.add_person()
    lead = product.submit(Telegram=f"@{person['username']}", Comments=REQUEST)
    until(lambda: ("greeting", "queued") in _kinds(product, lead["id"]), "the greeting waits")
    _say(product, person, QUESTION)
    lead = product.wait_for_status(lead["id"], "engaged")
    until(lambda: product.received(person), "the answer")
    until(lambda: not product.unfinished_work(), "everything is done")
    (answer,) = product.received(person)
    assert "кофейни" in answer
    assert _kinds(product, lead["id"]) == [
        ("greeting", "cancelled"),
        ("reply", "handled"),
        ("answer", "sent"),
    ]
    _say(product, person, CALL)
    product.wait_for_status(lead["id"], "scheduled")


def test_who_agrees_to_a_call_at_once_gets_the_link(paused: RunningProduct) -> None:
    product, person = paused, paused.add_person()
    lead = product.submit(Telegram=f"@{person['username']}", Comments=REQUEST)
    product.wait_for_status(lead["id"], "resolved")
    _say(product, person, CALL)
    product.wait_for_status(lead["id"], "scheduled")
    (answer,) = product.received(person)
    assert "кофейни" in answer
    assert token_of_link(answer)


def test_a_refusal_before_the_greeting_is_the_end(paused: RunningProduct) -> None:
    product, person = paused, paused.add_person()
    lead = product.submit(Telegram=f"@{person['username']}", Comments=REQUEST)
    product.wait_for_status(lead["id"], "resolved")
    _say(product, person, "Уже не актуально, спасибо")
    product.wait_for_status(lead["id"], "rejected")
    (apology,) = product.received(person)
    assert "кофейни" not in apology


@pytest.mark.parametrize("contact", ["username", "phone"])
def test_a_person_who_could_not_be_found_is_known_by_what_telegram_shows(
    product: RunningProduct, contact: str
) -> None:
    person = product.add_person(username=None, privacy={"phone_hidden": True, "phone_shown": True})
    name = f"later_{person['id']}"
    form = {"Telegram": f"@{name}"} if contact == "username" else {"Phone": f"+{person['phone']}"}
    lead = product.submit(Comments=REQUEST, **form)
    product.wait_for_status(lead["id"], "unreachable")
    if contact == "username":
        _change(product, person, username=name)
    _say(product, person, QUESTION)
    lead = product.wait_for_status(lead["id"], "engaged")
    until(lambda: product.received(person), "the answer")
    assert "кофейни" in product.received(person)[0]
    assert (lead["telegram_user_id"], lead["resolved_via"]) == (person["id"], contact)
    assert lead["events"][-1]["reason"] == "the person wrote again"


def test_a_premium_only_person_who_writes_is_answered(product: RunningProduct) -> None:
    person = product.add_person(username=None, privacy={"premium_only": True})
    lead = product.submit(Phone=f"+{person['phone']}", Comments=REQUEST)
    lead = product.wait_for_status(lead["id"], "unreachable")
    assert lead["telegram_user_id"] == person["id"]
    _say(product, person, QUESTION)
    product.wait_for_status(lead["id"], "engaged")
    until(lambda: product.received(person), "the answer")
    assert "кофейни" in product.received(person)[0]


def test_a_weak_username_that_writes_first_is_asked(paused: RunningProduct) -> None:
    product, person = paused, paused.add_person()
    columns = {"contact_evidence": WEAK, "extra": {"Комментарий": "аквапарк"}}
    lead_id = product.insert_lead(username=person["username"], **columns)
    product.wait_for_status(lead_id, "resolved")
    _say(product, person, CALL)
    until(lambda: product.received(person), "the question")
    assert product.received(person) == ["Здравствуйте, Анна! Вы оставляли заявку в GordovCode?"]
    _say(product, person, "да")
    until(lambda: len(product.received(person)) == 2, "the request is named after the confirmation")
    assert "аквапарк" in product.received(person)[1]


def test_a_person_who_blocked_us_and_writes_again_is_answered(product: RunningProduct) -> None:
    person = product.add_person()
    lead = product.submit(Telegram=f"@{person['username']}", Comments=REQUEST)
    product.wait_for_status(lead["id"], "contacted")
    _change(product, person, privacy={"blocked_us": True})
    product.say(person, "Сколько стоит сайт?")
    product.wait_for_status(lead["id"], "failed")
    _change(product, person, privacy={})
    product.say(person, CALL)
    lead = product.wait_for_status(lead["id"], "scheduled")
    assert token_of_link(product.received(person)[-1])
    assert ("failed", "engaged", "the person wrote again") in [
        (one["from_status"], one["to_status"], one["reason"]) for one in lead["events"]
    ]


def test_a_person_closed_to_strangers_who_writes_is_answered(product: RunningProduct) -> None:
    person = product.add_person(privacy={"strangers_blocked": True})
    lead = product.submit(Telegram=f"@{person['username']}", Comments=REQUEST)
    product.wait_for_status(lead["id"], "unreachable")
    _say(product, person, CALL)
    product.wait_for_status(lead["id"], "scheduled")
    (answer,) = product.received(person)
    assert "кофейни" in answer
    assert token_of_link(answer)


def test_the_words_of_a_person_on_the_do_not_contact_list_go_to_a_human(product: RunningProduct) -> None:
    person = product.add_person()
    entry = {"username": person["username"], "reason": "asked by phone"}
    assert product.api.post("/do-not-contact", json=entry).is_success
    lead = product.submit(Telegram=f"@{person['username']}", Comments=REQUEST)
    product.wait_for_status(lead["id"], "unreachable")
    _say(product, person, CALL)
    lead = product.wait_for_status(lead["id"], "handed_off")
    assert "do-not-contact" in lead["events"][-1]["reason"]
    assert [one["text"] for one in lead["messages"]] == [CALL]
    assert product.received(person) == []


def test_strangers_bots_and_the_service_account_get_no_answer_and_stay_unread(
    product: RunningProduct,
) -> None:
    number = product.api.base_url.port
    service = product.control.get("/people/777000")
    senders = [
        product.add_person(),
        product.add_person(kind="bot", username=f"helper{number}_bot", phone=None),
        service.json()
        if service.is_success
        else product.add_person(id=777000, name="Telegram", username=None, phone=None),
    ]
    for sender in senders:
        _say(product, sender, CALL)
    asked = product.add_person()
    lead = product.submit(Telegram=f"@{asked['username']}")
    product.wait_for_status(lead["id"], "contacted")
    assert [product.received(sender) for sender in senders] == [[], [], []]
    assert [_unread(product, sender) for sender in senders] == [1, 1, 1]
    assert not [one for one in product.statuses() if product.get_lead(one)["source"] == "telegram"]


def test_words_are_found_after_a_restart(product: RunningProduct) -> None:
    person = product.add_person(privacy={"strangers_blocked": True})
    lead = product.submit(Telegram=f"@{person['username']}", Comments=REQUEST)
    product.wait_for_status(lead["id"], "unreachable")
    product.plan_fault(method="push", action="suppress", person=person["id"], times=1)
    _say(product, person, QUESTION)
    product.worker.stop()
    product.restart_worker()
    product.wait_for_status(lead["id"], "engaged")
    until(lambda: product.received(person), "the answer")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def inviting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """A product that makes leads of strangers."""
    folder: Path = tmp_path_factory.mktemp(f"product-inviting-{request.param}")
    url = new_database(request, request.param, folder)
    with running_product(folder, url, INBOUND_LEADS="create", OWNER_CHAT="me") as product:
        yield product


def _lead_of(product: RunningProduct, person: Person) -> dict[str, Any] | None:
    found = [product.get_lead(one) for one in product.statuses()]
    return next((one for one in found if one["telegram_user_id"] == person["id"]), None)


@pytest.mark.parametrize("fields", [{}, {"username": None}], ids=["username", "nameless"])
def test_a_stranger_becomes_a_lead(inviting: RunningProduct, fields: dict[str, Any]) -> None:
    person = inviting.add_person(name="Ольга", **fields)
    _say(inviting, person, QUESTION)
    lead = until(lambda: _lead_of(inviting, person), "a lead is made")
    assert (lead["source"], lead["name"]) == ("telegram", "Ольга")
    # The link of a person without a username is stored as their contact. It is no phone.
    assert lead["phone"] is None
    until(lambda: inviting.received(person), "the stranger is answered")
    assert not re.search("заявк", inviting.received(person)[0])
    _say(inviting, person, CALL)
    inviting.wait_for_status(lead["id"], "scheduled")
    assert token_of_link(inviting.received(person)[-1])


def test_an_acquaintance_of_the_account_is_no_stranger(inviting: RunningProduct) -> None:
    friend = inviting.add_person()
    account = inviting.control.get("/accounts").json()[0]["id"]
    written = inviting.control.post(
        f"/accounts/{account}/messages", json={"person": friend["id"], "text": "Привет! Как дела?"}
    )
    assert written.is_success, written.text
    _say(inviting, friend, "Хорошо, а у тебя?")
    stranger = inviting.add_person()
    _say(inviting, stranger, QUESTION)
    until(lambda: inviting.received(stranger), "the stranger is answered")
    assert len(inviting.received(friend)) == 1
    assert _lead_of(inviting, friend) is None


def test_a_form_of_a_stranger_joins_the_conversation(inviting: RunningProduct) -> None:
    person = inviting.add_person()
    _say(inviting, person, QUESTION)
    until(lambda: inviting.received(person), "the stranger is answered")
    known = until(lambda: _lead_of(inviting, person), "a lead is made")
    lead = inviting.submit(Telegram=f"@{person['username']}", Comments=REQUEST)
    assert inviting.wait_for_status(lead["id"], "handed_off")["duplicate_of"] == known["id"]


def test_the_owner_is_told_of_a_stranger(product: RunningProduct) -> None:
    product.worker.stop()
    product.worker = product.start_worker(INBOUND_LEADS="notify", OWNER_CHAT="me")
    product.worker.wait_for_log("ready as @")
    person = product.add_person(name="Ольга")
    _say(product, person, QUESTION, "И ещё вопрос")

    def notices() -> list[str]:
        return [text for text in product.notices() if "Ольга" in text]

    until(notices, "the owner is told")
    assert len(notices()) == 1
    assert QUESTION in notices()[0]
    assert product.received(person) == []
    assert _unread(product, person) == 2
    product.worker.stop()
    product.restart_worker()
