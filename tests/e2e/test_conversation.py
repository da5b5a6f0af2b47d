"""The messages that a person receives, from the form to the link, for each kind of reply."""

import pytest

from tests.support.running_product import LINK, RunningProduct, token_of_link
from tests.support.waiting import until


def _intents(lead: dict) -> list[str]:
    return [message["intent"] for message in lead["messages"] if message["direction"] == "in"]


def _statuses(lead: dict) -> list[str]:
    return [event["to_status"] for event in lead["events"]]


def _greeted(product: RunningProduct, **form: str) -> tuple[dict, dict]:
    """Add a person who submits the form with their username; returns the person and the greeted lead."""
    person = product.add_person()
    lead = product.submit(Telegram=f"@{person['username']}", **form)
    return person, product.wait_for_status(lead["id"], "contacted")


def test_the_greeting_names_the_person_the_company_and_the_request(product: RunningProduct) -> None:
    person, lead = _greeted(product, Name="Ольга", Comments="Нужна CRM для отдела продаж")
    (greeting,) = product.received(person)
    assert "Ольга" in greeting
    assert "GordovCode" in greeting
    assert "CRM" in greeting
    assert "http" not in greeting
    assert _statuses(lead) == ["pending", "resolved", "contacted"]
    assert lead["resolved_via"] == "username"
    assert lead["telegram_user_id"] == person["id"] > 2**32


def test_acceptance_gets_the_link(product: RunningProduct) -> None:
    person, lead = _greeted(product)
    product.say(person, "Да, давайте созвонимся")
    lead = product.wait_for_status(lead["id"], "scheduled")
    greeting, link = product.received(person)
    assert token_of_link(link)
    assert LINK not in greeting
    assert _intents(lead) == ["accept"]
    assert _statuses(lead)[-2:] == ["contacted", "scheduled"]


def test_refusal_gets_an_apology(product: RunningProduct) -> None:
    person, lead = _greeted(product)
    product.say(person, "Нет, спасибо, уже неактуально")
    lead = product.wait_for_status(lead["id"], "rejected")
    assert len(product.received(person)) == 2
    assert "звин" in product.received(person)[1].lower() or "прост" in product.received(person)[1].lower()
    assert _intents(lead) == ["reject"]


def test_a_question_is_answered_before_the_acceptance(product: RunningProduct) -> None:
    person, lead = _greeted(product)
    product.say(person, "А вы делаете мобильные приложения?")
    lead = product.wait_for_status(lead["id"], "engaged")
    assert "приложени" in product.received(person)[1].lower()
    product.say(person, "Отлично, давайте")
    lead = product.wait_for_status(lead["id"], "scheduled")
    assert token_of_link(product.received(person)[2])
    assert _intents(lead) == ["question", "accept"]
    assert _statuses(lead)[2:] == ["contacted", "engaged", "scheduled"]


def test_an_ambiguous_reply_gets_a_question(product: RunningProduct) -> None:
    person, lead = _greeted(product)
    product.say(person, "хм")
    lead = product.wait_for_status(lead["id"], "engaged")
    assert product.received(person)[1].rstrip().endswith("?")
    assert _intents(lead) == ["ambiguous"]


def test_a_sticker_is_stored_and_gets_a_question(product: RunningProduct) -> None:
    person, lead = _greeted(product)
    product.say(person, media="sticker")
    lead = product.wait_for_status(lead["id"], "engaged")
    (message,) = [message for message in lead["messages"] if message["direction"] == "in"]
    assert message["text"].startswith("[sticker")


def test_several_messages_get_one_answer(product: RunningProduct) -> None:
    person, lead = _greeted(product)
    product.say(person, "Здравствуйте", "А сколько стоит сайт?", "И сколько времени займёт?")
    lead = product.wait_for_status(lead["id"], "engaged")
    assert _intents(lead) == ["question"] * 3
    assert len(product.received(person)) == 2


def test_an_acceptance_after_a_refusal_gets_the_link(product: RunningProduct) -> None:
    person, lead = _greeted(product)
    product.say(person, "Не интересно")
    product.wait_for_status(lead["id"], "rejected")
    product.say(person, "Хотя знаете, давайте созвонимся")
    lead = product.wait_for_status(lead["id"], "scheduled")
    assert token_of_link(product.received(person)[2])


def test_an_opt_out_ends_all_messages(product: RunningProduct) -> None:
    person, lead = _greeted(product, Phone="+79150000001")
    product.say(person, "Больше не пишите мне")
    product.wait_for_status(lead["id"], "rejected")
    again = product.submit(Phone="8 (915) 000-00-01")
    again = product.wait_for_status(again["id"], "unreachable")
    assert again["last_error"] == "on the do-not-contact list: asked not to be written to"
    product.say(person, "Хотя давайте созвонимся")
    lead = product.wait_for_status(lead["id"], "handed_off")
    assert [message["text"] for message in lead["messages"] if message["direction"] == "in"][1:] == [
        "Хотя давайте созвонимся"
    ]
    assert [message["kind"] for message in lead["messages"] if message["direction"] == "out"] == [
        *("greeting", "apology")
    ]
    assert len(product.received(person)) == 2
    calls = product.control.get("/telegram/calls").text
    assert "79150000001" not in calls


def test_after_the_link_questions_are_answered_and_thanks_are_not(product: RunningProduct) -> None:
    person, lead = _greeted(product)
    product.say(person, "Да, давайте")
    product.wait_for_status(lead["id"], "scheduled")
    product.say(person, "Спасибо, договорились")
    until(lambda: _intents(product.get_lead(lead["id"])) == ["accept", "accept"], "the thanks are understood")
    product.say(person, "А CRM вы тоже внедряете?")
    until(lambda: len(product.received(person)) == 3, "the question is answered")
    lead = until(lambda: _answered(product, lead["id"]), "the answer is recorded")
    assert lead["status"] == "scheduled"
    assert sum(LINK in text for text in product.received(person)) == 1


def _answered(product: RunningProduct, lead_id: int) -> dict | None:
    lead = product.get_lead(lead_id)
    return lead if [m["kind"] for m in lead["messages"] if m["state"] == "sent"][-1] == "answer" else None


def test_an_english_request_gets_an_english_greeting(product: RunningProduct) -> None:
    person, lead = _greeted(product, Name="John", Comments="We need a mobile app for our coffee shops")
    assert "John" in product.received(person)[0]
    assert not set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя") & set(product.received(person)[0].lower())
    product.say(person, "Yes, sounds good")
    product.wait_for_status(lead["id"], "scheduled")


def test_a_lead_without_a_name_is_greeted(product: RunningProduct) -> None:
    person, lead = _greeted(product, Name="", Comments="Нужен сайт")
    assert lead["name"] == ""
    assert "GordovCode" in product.received(person)[0]


@pytest.mark.parametrize(
    "form", [{"data": '{"Name": "Ира", "Telegram": "%s"}'}, {"Ник в телеграм": "t.me/%s"}]
)
def test_forms_with_other_fields_are_greeted(product: RunningProduct, form: dict[str, str]) -> None:
    person = product.add_person()
    lead = product.submit(**{key: value % person["username"] for key, value in form.items()})
    product.wait_for_status(lead["id"], "contacted")
    assert len(product.received(person)) == 1


def test_a_yes_that_is_edited_to_an_opt_out_ends_all_messages(product_on_sqlite: RunningProduct) -> None:
    product = product_on_sqlite
    person, lead = _greeted(product)
    product.say(person, "Да")
    lead = product.wait_for_status(lead["id"], "scheduled")
    product.execute(
        "INSERT INTO planned_messages (lead_id, kind, key, state, send_at, created_at)"
        f" SELECT id, 'follow_up', 'test:' || id, 'planned', '2100-01-01 00:00:00.000000', created_at"
        f" FROM leads WHERE id = {lead['id']}"
    )
    product.execute(f"UPDATE leads SET follow_up_at = '2100-01-01 00:00:00.000000' WHERE id = {lead['id']}")
    (written,) = [message for message in product.chat(person) if message["from"] == "person"]
    edit = {"edit": written["id"], "text": "Не пишите мне больше"}
    assert product.control.post(f"/people/{person['id']}/messages", json=edit).is_success
    lead = product.wait_for_status(lead["id"], "rejected")
    said = [message["text"] for message in lead["messages"] if message["direction"] == "in"]
    assert said == ["Да", "[edited] Не пишите мне больше"]
    listed = product.api.get("/do-not-contact").json()["items"]
    assert [one["reason"] for one in listed if one["lead_id"] == lead["id"]][:1] == [
        "asked not to be written to"
    ]
    assert [one["state"] for one in lead["planned"]] == ["cancelled"]
    assert lead["follow_up_at"] is None
