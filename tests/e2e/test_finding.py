"""Username first, then the phone, and a reason that a human understands when neither works."""

from tests.support.running_product import LINK, RunningProduct, until


def test_an_unknown_username_falls_back_to_the_phone(house: RunningProduct) -> None:
    person = house.person(username=None)
    lead = house.submit(Telegram="@nobody_has_this", Phone=f"+{person['phone']}")
    lead = house.becomes(lead["id"], "contacted")
    assert lead["resolved_via"] == "phone"
    assert lead["telegram_user_id"] == person["id"]
    assert len(house.received(person)) == 1


def test_a_username_that_is_a_bot_falls_back_to_the_phone(house: RunningProduct) -> None:
    bot = house.person(kind="bot", username=f"helper_{house.api.base_url.port}_bot", phone=None)
    person = house.person(username=None)
    lead = house.submit(Telegram=f"@{bot['username']}", Phone=f"+{person['phone']}")
    assert house.becomes(lead["id"], "contacted")["resolved_via"] == "phone"
    assert house.received(bot) == []


def test_a_username_that_cannot_be_written_to_falls_back_to_the_phone(house: RunningProduct) -> None:
    closed = house.person(privacy={"strangers_blocked": True})
    person = house.person(username=None)
    lead = house.submit(Telegram=f"@{closed['username']}", Phone=f"+{person['phone']}")
    lead = house.becomes(lead["id"], "contacted")
    assert [event["to_status"] for event in lead["events"]] == [
        *("pending", "resolved", "pending", "resolved", "contacted")
    ]
    assert house.received(closed) == []
    assert len(house.received(person)) == 1
    # The model wrote one text, and the second way used it again.
    greetings = [message for message in lead["messages"] if message["kind"] == "greeting"]
    assert [message["state"] for message in greetings] == ["failed", "sent"]
    assert len({message["text"] for message in greetings}) == 1


def test_both_ways_to_one_closed_person_is_unreachable(house: RunningProduct) -> None:
    closed = house.person(privacy={"strangers_blocked": True})
    lead = house.submit(Telegram=f"@{closed['username']}", Phone=f"+{closed['phone']}")
    lead = house.becomes(lead["id"], "unreachable")
    assert "privacy" in lead["last_error"]
    assert house.received(closed) == []


def test_premium_only_is_unreachable_with_that_reason(house: RunningProduct) -> None:
    closed = house.person(privacy={"premium_only": True})
    lead = house.submit(Telegram=f"@{closed['username']}")
    assert "Premium" in house.becomes(lead["id"], "unreachable")["last_error"]


def test_nobody_found_is_unreachable_with_both_reasons(house: RunningProduct) -> None:
    lead = house.submit(Telegram="@nobody_at_all", Phone="+7 999 000-00-99")
    lead = house.becomes(lead["id"], "unreachable")
    assert "@nobody_at_all" in lead["last_error"]
    assert "phone" in lead["last_error"]
    assert lead["events"][-1]["reason"] == lead["last_error"]
    assert "9990000099" not in lead["last_error"]


def test_a_phone_alone_is_enough(house: RunningProduct) -> None:
    person = house.person(username=None)
    lead = house.api.post("/leads", json={"name": "Пётр", "phone": f"+{person['phone']}"}).json()
    assert house.becomes(lead["id"], "contacted")["resolved_via"] == "phone"
    assert "Пётр" in house.received(person)[0]


def test_a_hidden_phone_is_unreachable_and_a_retry_brings_it_back(house: RunningProduct) -> None:
    person = house.person(username=None, privacy={"phone_hidden": True})
    lead = house.submit(Phone=f"+{person['phone']}")
    house.becomes(lead["id"], "unreachable")
    opened = house.control.patch(f"/people/{person['id']}", json={"privacy": {"phone_hidden": False}})
    assert opened.is_success, opened.text
    assert house.api.post(f"/leads/{lead['id']}/retry").is_success
    house.becomes(lead["id"], "contacted")
    assert len(house.received(person)) == 1


def test_a_second_request_is_taken_up_in_the_conversation(house: RunningProduct) -> None:
    person = house.person()
    first = house.submit(Telegram=f"@{person['username']}", Comments="Нужен сайт")
    house.becomes(first["id"], "contacted")
    second = house.submit(Phone=f"+{person['phone']}", Comments="А ещё чат-бот")
    second = house.becomes(second["id"], "handed_off")
    assert second["duplicate_of"] == first["id"]
    until(lambda: len(house.received(person)) == 2, "the second request is acknowledged")
    house.say(person, "Да, давайте созвонимся")
    first = house.becomes(first["id"], "scheduled")
    greeting, noted, link = house.received(person)
    assert "сайт" in greeting
    assert "чат-бот" in noted
    assert LINK not in noted
    assert link.endswith(LINK)
    assert [message["kind"] for message in first["messages"]] == [
        *("greeting", "request", "answer", "reply", "link")
    ]
    assert [event["to_status"] for event in first["events"]] == [
        *("pending", "resolved", "contacted", "scheduled")
    ]


def test_whoever_refused_and_asks_anew_is_greeted_anew(house: RunningProduct) -> None:
    person = house.person()
    first = house.submit(Telegram=f"@{person['username']}")
    house.becomes(first["id"], "contacted")
    house.say(person, "Неактуально")
    house.becomes(first["id"], "rejected")
    second = house.submit(Phone=f"+{person['phone']}", Comments="Теперь нужен сайт")
    house.becomes(second["id"], "contacted")
    assert "сайт" in house.received(person)[2]
    house.say(person, "Да, давайте")
    house.becomes(second["id"], "scheduled")
    assert house.lead(first["id"])["status"] == "rejected"


def test_the_same_submission_again_is_the_same_lead(house: RunningProduct) -> None:
    person = house.person()
    form = {"Name": "Анна", "Telegram": person["username"], "tranid": f"again:{person['id']}", "formid": "f"}
    first = house.api.post("/leads/webhooks/tilda", data=form)
    again = [house.api.post("/leads/webhooks/tilda", data=form) for _ in range(3)]
    assert first.status_code == 201
    assert {answer.status_code for answer in again} == {200}
    assert {answer.json()["id"] for answer in again} == {first.json()["id"]}
    house.becomes(first.json()["id"], "contacted")
    until(lambda: house.received(person), "the greeting")
    assert len(house.received(person)) == 1
