"""What a person gets, from the form to the link, for each way of answering."""

import pytest

from tests.support.running_product import LINK, RunningProduct, until


def _intents(lead: dict) -> list[str]:
    return [message["intent"] for message in lead["messages"] if message["direction"] == "in"]


def _statuses(lead: dict) -> list[str]:
    return [event["to_status"] for event in lead["events"]]


def _greeted(house: RunningProduct, **form: str) -> tuple[dict, dict]:
    """A person who left their username on the site, and their lead, once the greeting is there."""
    person = house.person()
    lead = house.submit(Telegram=f"@{person['username']}", **form)
    return person, house.becomes(lead["id"], "contacted")


def test_the_greeting_names_the_person_the_company_and_the_request(house: RunningProduct) -> None:
    person, lead = _greeted(house, Name="Ольга", Comments="Нужна CRM для отдела продаж")
    (greeting,) = house.received(person)
    assert "Ольга" in greeting
    assert "GordovCode" in greeting
    assert "CRM" in greeting
    assert "http" not in greeting
    assert _statuses(lead) == ["pending", "resolved", "contacted"]
    assert lead["resolved_via"] == "username"
    assert lead["telegram_user_id"] == person["id"] > 2**32


def test_accept_gets_the_link_and_is_scheduled(house: RunningProduct) -> None:
    person, lead = _greeted(house)
    house.say(person, "Да, давайте созвонимся")
    lead = house.becomes(lead["id"], "scheduled")
    greeting, link = house.received(person)
    assert link.endswith(f"\n{LINK}")
    assert LINK not in greeting
    assert _intents(lead) == ["accept"]
    assert _statuses(lead)[-2:] == ["contacted", "scheduled"]


def test_reject_gets_an_apology(house: RunningProduct) -> None:
    person, lead = _greeted(house)
    house.say(person, "Нет, спасибо, уже неактуально")
    lead = house.becomes(lead["id"], "rejected")
    assert len(house.received(person)) == 2
    assert "звин" in house.received(person)[1].lower() or "прост" in house.received(person)[1].lower()
    assert _intents(lead) == ["reject"]


def test_a_question_is_answered_from_the_description_then_accept(house: RunningProduct) -> None:
    person, lead = _greeted(house)
    house.say(person, "А вы делаете мобильные приложения?")
    lead = house.becomes(lead["id"], "engaged")
    assert "приложени" in house.received(person)[1].lower()
    house.say(person, "Отлично, давайте")
    lead = house.becomes(lead["id"], "scheduled")
    assert LINK in house.received(person)[2]
    assert _intents(lead) == ["question", "accept"]
    assert _statuses(lead)[2:] == ["contacted", "engaged", "scheduled"]


def test_ambiguous_is_asked_back(house: RunningProduct) -> None:
    person, lead = _greeted(house)
    house.say(person, "хм")
    lead = house.becomes(lead["id"], "engaged")
    assert house.received(person)[1].rstrip().endswith("?")
    assert _intents(lead) == ["ambiguous"]


def test_a_sticker_is_kept_and_asked_back(house: RunningProduct) -> None:
    person, lead = _greeted(house)
    house.say(person, media="sticker")
    lead = house.becomes(lead["id"], "engaged")
    (message,) = [message for message in lead["messages"] if message["direction"] == "in"]
    assert message["text"].startswith("[sticker")


def test_a_burst_is_answered_once(house: RunningProduct) -> None:
    person, lead = _greeted(house)
    house.say(person, "Здравствуйте", "А сколько стоит сайт?", "И сколько времени займёт?")
    lead = house.becomes(lead["id"], "engaged")
    assert _intents(lead) == ["question"] * 3
    assert len(house.received(person)) == 2


def test_a_change_of_mind_after_a_refusal(house: RunningProduct) -> None:
    person, lead = _greeted(house)
    house.say(person, "Не интересно")
    house.becomes(lead["id"], "rejected")
    house.say(person, "Хотя знаете, давайте созвонимся")
    lead = house.becomes(lead["id"], "scheduled")
    assert house.received(person)[2].endswith(LINK)


def test_who_asks_not_to_be_written_to_hears_no_more_of_us(house: RunningProduct) -> None:
    person, lead = _greeted(house, Phone="+79150000001")
    house.say(person, "Больше не пишите мне")
    house.becomes(lead["id"], "rejected")
    again = house.submit(Phone="8 (915) 000-00-01")
    again = house.becomes(again["id"], "unreachable")
    assert again["last_error"] == "on the do-not-contact list: asked not to be written to"
    house.say(person, "Хотя давайте созвонимся")
    lead = house.becomes(lead["id"], "handed_off")
    assert [message["text"] for message in lead["messages"] if message["direction"] == "in"][1:] == [
        "Хотя давайте созвонимся"
    ]
    assert [message["kind"] for message in lead["messages"] if message["direction"] == "out"] == [
        *("greeting", "apology")
    ]
    assert len(house.received(person)) == 2
    calls = house.control.get("/telegram/calls").text
    assert "79150000001" not in calls


def test_after_the_link_questions_are_answered_and_thanks_are_not(house: RunningProduct) -> None:
    person, lead = _greeted(house)
    house.say(person, "Да, давайте")
    house.becomes(lead["id"], "scheduled")
    house.say(person, "Спасибо, договорились")
    until(lambda: _intents(house.lead(lead["id"])) == ["accept", "accept"], "the thanks are understood")
    house.say(person, "А CRM вы тоже внедряете?")
    until(lambda: len(house.received(person)) == 3, "the question is answered")
    lead = until(lambda: _answered(house, lead["id"]), "the answer is recorded")
    assert lead["status"] == "scheduled"
    assert sum(LINK in text for text in house.received(person)) == 1


def _answered(house: RunningProduct, lead_id: int) -> dict | None:
    lead = house.lead(lead_id)
    return lead if [m["kind"] for m in lead["messages"] if m["state"] == "sent"][-1] == "answer" else None


def test_an_english_request_is_met_in_english(house: RunningProduct) -> None:
    person, lead = _greeted(house, Name="John", Comments="We need a mobile app for our coffee shops")
    assert "John" in house.received(person)[0]
    assert not set("абвгдеёжзийклмнопрстуфхцчшщъыьэюя") & set(house.received(person)[0].lower())
    house.say(person, "Yes, sounds good")
    house.becomes(lead["id"], "scheduled")


def test_no_name_no_problem(house: RunningProduct) -> None:
    person, lead = _greeted(house, Name="", Comments="Нужен сайт")
    assert lead["name"] == ""
    assert "GordovCode" in house.received(person)[0]


@pytest.mark.parametrize(
    "form", [{"data": '{"Name": "Ира", "Telegram": "%s"}'}, {"Ник в телеграм": "t.me/%s"}]
)
def test_forms_of_other_shapes_are_greeted_too(house: RunningProduct, form: dict[str, str]) -> None:
    person = house.person()
    lead = house.submit(**{key: value % person["username"] for key, value in form.items()})
    house.becomes(lead["id"], "contacted")
    assert len(house.received(person)) == 1
