"""The peer is found by username, then by phone; if neither works, the reason is readable."""

from tests.support.running_product import LINK, RunningProduct, token_of_link
from tests.support.waiting import until


def test_an_unknown_username_falls_back_to_the_phone(product: RunningProduct) -> None:
    person = product.add_person(username=None)
    lead = product.submit(Telegram="@nobody_has_this", Phone=f"+{person['phone']}")
    lead = product.wait_for_status(lead["id"], "contacted")
    assert lead["resolved_via"] == "phone"
    assert lead["telegram_user_id"] == person["id"]
    assert len(product.received(person)) == 1


def test_a_username_that_is_a_bot_falls_back_to_the_phone(product: RunningProduct) -> None:
    bot = product.add_person(kind="bot", username=f"helper_{product.api.base_url.port}_bot", phone=None)
    person = product.add_person(username=None)
    lead = product.submit(Telegram=f"@{bot['username']}", Phone=f"+{person['phone']}")
    assert product.wait_for_status(lead["id"], "contacted")["resolved_via"] == "phone"
    assert product.received(bot) == []


def test_a_username_closed_to_strangers_falls_back_to_the_phone(product: RunningProduct) -> None:
    closed = product.add_person(privacy={"strangers_blocked": True})
    person = product.add_person(username=None)
    lead = product.submit(Telegram=f"@{closed['username']}", Phone=f"+{person['phone']}")
    lead = product.wait_for_status(lead["id"], "contacted")
    assert [event["to_status"] for event in lead["events"]] == [
        *("pending", "resolved", "pending", "resolved", "contacted")
    ]
    assert product.received(closed) == []
    assert len(product.received(person)) == 1
    # The model wrote one text, which was reused for the second peer.
    greetings = [message for message in lead["messages"] if message["kind"] == "greeting"]
    assert [message["state"] for message in greetings] == ["failed", "sent"]
    assert len({message["text"] for message in greetings}) == 1


def test_a_closed_person_with_username_and_phone_is_unreachable(product: RunningProduct) -> None:
    closed = product.add_person(privacy={"strangers_blocked": True})
    lead = product.submit(Telegram=f"@{closed['username']}", Phone=f"+{closed['phone']}")
    lead = product.wait_for_status(lead["id"], "unreachable")
    assert "privacy" in lead["last_error"]
    assert product.received(closed) == []


def test_a_person_open_to_premium_only_is_unreachable(product: RunningProduct) -> None:
    closed = product.add_person(privacy={"premium_only": True})
    lead = product.submit(Telegram=f"@{closed['username']}")
    assert "Premium" in product.wait_for_status(lead["id"], "unreachable")["last_error"]


def test_an_unknown_person_is_unreachable_with_both_reasons(product: RunningProduct) -> None:
    lead = product.submit(Telegram="@nobody_at_all", Phone="+7 999 000-00-99")
    lead = product.wait_for_status(lead["id"], "unreachable")
    assert "@nobody_at_all" in lead["last_error"]
    assert "phone" in lead["last_error"]
    assert lead["events"][-1]["reason"] == lead["last_error"]
    assert "9990000099" not in lead["last_error"]


def test_a_phone_alone_is_enough(product: RunningProduct) -> None:
    person = product.add_person(username=None)
    lead = product.api.post("/leads", json={"name": "Пётр", "phone": f"+{person['phone']}"}).json()
    assert product.wait_for_status(lead["id"], "contacted")["resolved_via"] == "phone"
    assert "Пётр" in product.received(person)[0]


def test_a_hidden_phone_is_unreachable_until_a_retry(product: RunningProduct) -> None:
    person = product.add_person(username=None, privacy={"phone_hidden": True})
    lead = product.submit(Phone=f"+{person['phone']}")
    product.wait_for_status(lead["id"], "unreachable")
    opened = product.control.patch(f"/people/{person['id']}", json={"privacy": {"phone_hidden": False}})
    assert opened.is_success, opened.text
    assert product.api.post(f"/leads/{lead['id']}/retry").is_success
    product.wait_for_status(lead["id"], "contacted")
    assert len(product.received(person)) == 1


def test_a_second_request_is_added_to_the_conversation(product: RunningProduct) -> None:
    person = product.add_person()
    first = product.submit(Telegram=f"@{person['username']}", Comments="Нужен сайт")
    product.wait_for_status(first["id"], "contacted")
    second = product.submit(Phone=f"+{person['phone']}", Comments="А ещё чат-бот")
    second = product.wait_for_status(second["id"], "handed_off")
    assert second["duplicate_of"] == first["id"]
    until(lambda: len(product.received(person)) == 2, "the second request is acknowledged")
    product.say(person, "Да, давайте созвонимся")
    first = product.wait_for_status(first["id"], "scheduled")
    greeting, noted, link = product.received(person)
    assert "сайт" in greeting
    assert "чат-бот" in noted
    assert LINK not in noted
    assert token_of_link(link)
    assert [message["kind"] for message in first["messages"]] == [
        *("greeting", "request", "answer", "reply", "link")
    ]
    assert [event["to_status"] for event in first["events"]] == [
        *("pending", "resolved", "contacted", "scheduled")
    ]


def test_a_new_request_after_a_refusal_is_greeted(product: RunningProduct) -> None:
    person = product.add_person()
    first = product.submit(Telegram=f"@{person['username']}")
    product.wait_for_status(first["id"], "contacted")
    product.say(person, "Неактуально")
    product.wait_for_status(first["id"], "rejected")
    second = product.submit(Phone=f"+{person['phone']}", Comments="Теперь нужен сайт")
    product.wait_for_status(second["id"], "contacted")
    assert "сайт" in product.received(person)[2]
    product.say(person, "Да, давайте")
    product.wait_for_status(second["id"], "scheduled")
    assert product.get_lead(first["id"])["status"] == "rejected"


def test_a_repeated_submission_is_the_same_lead(product: RunningProduct) -> None:
    person = product.add_person()
    form = {"Name": "Анна", "Telegram": person["username"], "tranid": f"again:{person['id']}", "formid": "f"}
    first = product.api.post("/leads/webhooks/tilda", data=form)
    again = [product.api.post("/leads/webhooks/tilda", data=form) for _ in range(3)]
    assert first.status_code == 201
    assert {answer.status_code for answer in again} == {200}
    assert {answer.json()["id"] for answer in again} == {first.json()["id"]}
    product.wait_for_status(first.json()["id"], "contacted")
    until(lambda: product.received(person), "the greeting")
    assert len(product.received(person)) == 1
