"""A person who was found by weak evidence learns nothing about the request until they confirm it."""

import re

import pytest

from tests.support.running_product import LINK, RunningProduct, token_of_link
from tests.support.waiting import until

WEAK = {"field": "Контакт", "strength": "weak", "reason": "a field for any contact"}
WEAK_USERNAME = {"username": WEAK}
NEUTRAL = "Здравствуйте, Анна! Вы оставляли заявку в GordovCode?"
# Words of the request that no test's question contains.
SECRET = "аквапарк"
REQUEST = {"Комментарий": f"Нужен портал для сети: {SECRET}"}


def _add_lead(product: RunningProduct, person: dict, **columns: object) -> int:
    usual = {"username": person["username"], "contact_evidence": WEAK_USERNAME, "extra": REQUEST}
    return product.insert_lead(**usual | columns)


def _asked(product: RunningProduct, **columns: object) -> tuple[dict, int]:
    """Add a person whose username has weak evidence; returns the person and the contacted lead."""
    person = product.add_person()
    lead_id = _add_lead(product, person, **columns)
    product.wait_for_status(lead_id, "contacted")
    assert product.received(person) == [NEUTRAL]
    return person, lead_id


def _phone(person: dict) -> dict[str, str]:
    return {"phone": f"+{person['phone']}", "phone_e164": f"+{person['phone']}"}


def _states(product: RunningProduct, lead_id: int, kind: str) -> list[str]:
    return [one["state"] for one in product.get_lead(lead_id)["messages"] if one["kind"] == kind]


def _forget_calls(product: RunningProduct) -> None:
    assert product.control.delete("/openai/calls").is_success


def _told_to_the_model(product: RunningProduct) -> str:
    return str(product.control.get("/openai/calls").json()["calls"])


def test_the_request_is_named_after_the_confirmation(product: RunningProduct) -> None:
    _forget_calls(product)
    person, lead_id = _asked(product)
    assert product.control.get("/openai/calls").json()["calls"] == []
    product.say(person, "Кто это?")
    until(lambda: len(product.received(person)) == 2, "the question is answered")
    product.say(person, "хм")
    until(lambda: len(product.received(person)) == 3, "the question is asked again")
    assert SECRET not in _told_to_the_model(product)
    for text in product.received(person):
        assert SECRET not in text
        assert not re.search("созвон|звонк|портал", text)
        assert text.endswith("ы оставляли заявку в GordovCode?")
    product.say(person, "Да, это я")
    until(lambda: len(product.received(person)) == 4, "the greeting")
    greeting = product.received(person)[3]
    assert SECRET in greeting
    assert LINK not in greeting
    product.say(person, "Давайте созвонимся")
    lead = product.wait_for_status(lead_id, "scheduled")
    assert token_of_link(product.received(person)[4])
    assert [message["kind"] for message in lead["messages"] if message["direction"] == "out"] == [
        *("greeting", "answer", "clarification", "answer", "link")
    ]
    assert [message["intent"] for message in lead["messages"] if message["direction"] == "in"] == [
        *("question", "ambiguous", "accept", "accept")
    ]
    assert [(event["to_status"], event["reason"]) for event in lead["events"]][1:3] == [
        ("resolved", "found by username; weak evidence: field «Контакт»"),
        ("contacted", "greeting delivered"),
    ]


def test_a_confirmation_with_a_question_names_the_request(product: RunningProduct) -> None:
    person, lead_id = _asked(product)
    product.say(person, "Да, а сколько стоит сайт?")
    lead = product.wait_for_status(lead_id, "engaged")
    assert SECRET in product.received(person)[1]
    assert lead["events"][-1]["reason"] == "the person confirmed that they left the request"


def test_a_confirmation_that_agrees_to_a_call_gets_the_link(product: RunningProduct) -> None:
    person, lead_id = _asked(product)
    product.say(person, "Да, давайте созвонимся")
    product.wait_for_status(lead_id, "scheduled")
    (_, link) = product.received(person)
    assert token_of_link(link)
    assert SECRET not in link


@pytest.mark.parametrize("said", ["Нет, это не я", "Не оставляла", "Вы ошиблись"])
def test_a_person_who_denies_it_gets_an_apology(product: RunningProduct, said: str) -> None:
    _forget_calls(product)
    person, lead_id = _asked(product)
    product.say(person, said)
    lead = product.wait_for_status(lead_id, "rejected")
    neutral, apology = product.received(person)
    assert re.search("звин|прост", apology)
    assert SECRET not in neutral + apology + _told_to_the_model(product)
    assert lead["events"][-1]["reason"] == "the person did not confirm that they left the request"


def test_two_unclear_answers_go_to_a_human(product: RunningProduct) -> None:
    person, lead_id = _asked(product)
    product.say(person, "хм")
    until(lambda: len(product.received(person)) == 2, "the question is asked again")
    product.say(person, "хм")
    lead = product.wait_for_status(lead_id, "handed_off")
    assert SECRET not in "".join(product.received(person))
    assert "Not confirmed" in lead["handoff_summary"]


def test_a_phone_is_written_to_before_a_weak_username(product: RunningProduct) -> None:
    stranger, person = product.add_person(), product.add_person(username=None)
    lead = product.wait_for_status(_add_lead(product, stranger, **_phone(person)), "contacted")
    assert (lead["resolved_via"], lead["telegram_user_id"]) == ("phone", person["id"])
    assert product.received(stranger) == []
    (greeting,) = product.received(person)
    assert SECRET in greeting
    calls = product.control.get("/telegram/calls").text
    assert stranger["username"] not in calls, "nobody looked the username up"


def test_a_weak_username_is_asked_if_nobody_has_the_phone(product: RunningProduct) -> None:
    person = product.add_person()
    lead_id = _add_lead(product, person, phone="+79990000088", phone_e164="+79990000088")
    lead = product.wait_for_status(lead_id, "contacted")
    assert lead["resolved_via"] == "username"
    assert product.received(person) == [NEUTRAL]


def test_a_weak_username_is_asked_if_the_phone_takes_no_messages(product: RunningProduct) -> None:
    closed = product.add_person(username=None, privacy={"strangers_blocked": True})
    person = product.add_person()
    lead = product.wait_for_status(_add_lead(product, person, **_phone(closed)), "contacted")
    assert [event["to_status"] for event in lead["events"]] == [
        *("pending", "resolved", "pending", "resolved", "contacted")
    ]
    assert product.received(closed) == []
    # The text for the phone's owner named the request: it is not used again.
    assert product.received(person) == [NEUTRAL]


def test_if_both_contacts_fail_the_phone_is_tried_again_after_a_retry(product: RunningProduct) -> None:
    person = product.add_person(username=None, privacy={"phone_hidden": True})
    lead_id = product.insert_lead(
        username="nobody_has_this_one", contact_evidence=WEAK_USERNAME, extra=REQUEST, **_phone(person)
    )
    lead = product.wait_for_status(lead_id, "unreachable")
    assert re.fullmatch(r".*phone; @nobody_has_this_one: .*", lead["last_error"])
    opened = product.control.patch(f"/people/{person['id']}", json={"privacy": {"phone_hidden": False}})
    assert opened.is_success, opened.text
    assert product.api.post(f"/leads/{lead_id}/retry").is_success
    assert product.wait_for_status(lead_id, "contacted")["resolved_via"] == "phone"
    assert SECRET in product.received(person)[0]


def test_a_weak_request_of_a_known_person_is_not_described(product: RunningProduct) -> None:
    person = product.add_person()
    first = product.submit(Telegram=f"@{person['username']}", Comments="Нужен сайт")
    product.wait_for_status(first["id"], "contacted")
    second = product.wait_for_status(_add_lead(product, person), "handed_off")
    assert second["duplicate_of"] == first["id"]
    until(lambda: len(product.received(person)) == 2, "the second request is acknowledged")
    assert SECRET not in "".join(product.received(person))


def test_a_later_form_waits_for_the_confirmation(product: RunningProduct) -> None:
    person, lead_id = _asked(product)
    second = product.submit(Telegram=f"@{person['username']}", Comments="А ещё нужен чат-бот")
    assert product.wait_for_status(second["id"], "handed_off")["duplicate_of"] == lead_id
    until(lambda: "handled" in _states(product, lead_id, "request"), "the form is stored in the conversation")
    assert product.received(person) == [NEUTRAL]
    product.say(person, "да")
    product.wait_for_status(lead_id, "engaged")
    greeting = product.received(person)[1]
    assert SECRET in greeting
    assert "чат-бот" in greeting


def test_a_draft_of_the_neutral_greeting_needs_approval(product: RunningProduct) -> None:
    product.worker.stop()
    product.worker = product.start_worker(MODE="drafts")
    person = product.add_person()
    lead_id = _add_lead(product, person)

    def draft() -> dict | None:
        drafts = product.api.get("/drafts").json()
        return next((one for one in drafts if one["lead_id"] == lead_id), None)

    def approve(what: str) -> dict:
        found = until(draft, what)
        assert product.api.post(f"/drafts/{found['id']}/approve").is_success
        return found

    assert approve("the greeting")["text"] == NEUTRAL
    product.wait_for_status(lead_id, "contacted")
    product.say(person, "да")
    assert SECRET in approve("the answer to the confirmation")["text"]
    product.wait_for_status(lead_id, "engaged")
    product.say(person, "Давайте созвонимся")
    assert token_of_link(approve("the link")["text"])
    product.wait_for_status(lead_id, "scheduled")
    assert len(product.received(person)) == 3
    product.worker.stop()
    product.restart_worker()
