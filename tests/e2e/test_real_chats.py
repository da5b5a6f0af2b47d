"""Typical behaviour of real people, several of them at once."""

from tests.support.running_product import RunningProduct, token_of_link
from tests.support.waiting import until


def test_typical_replies(product: RunningProduct) -> None:
    replies: dict[str, list[dict]] = {
        "voice": [{"media": "voice"}],
        "call": [{"text": "Позвоните мне, пожалуйста"}],
        "later": [{"text": "Сейчас занят, напишите в понедельник"}],
        "both": [{"text": "Да, давайте. А вы делаете мобильные приложения?"}],
        "who": [{"text": "А вы кто? Откуда у вас мой номер?"}],
        "wrong": [{"text": "Вы ошиблись номером, я ничего не оставлял"}],
        "emoji": [{"text": "🤔"}],
        "forwarded": [{"text": "А вы делаете мобильные приложения?", "forwarded": True}],
        "broken": [{"text": "Давайте созвонимся"}, {"text": "Ссылка не открывается"}],
    }
    people = {way: product.add_person() for way in (*replies, "deleted")}
    leads = {way: product.submit(Telegram=f"@{one['username']}")["id"] for way, one in people.items()}
    for lead in leads.values():
        product.wait_for_status(lead, "contacted")
    for way, lines in replies.items():
        product.say(people[way], **lines[0])
    product.say(people["deleted"], "Сколько стоит сайт?")
    (question,) = [one for one in product.chat(people["deleted"]) if one["from"] == "person"]
    product.say(people["deleted"], delete=question["id"])
    ends = {"voice": "engaged", "call": "handed_off", "later": "engaged", "both": "scheduled"}
    ends |= {"who": "engaged", "wrong": "rejected", "broken": "scheduled", "forwarded": "engaged"}
    ends["emoji"] = "engaged"
    for way, status in ends.items():
        product.wait_for_status(leads[way], status)
    got = {way: product.received(person)[1:] for way, person in people.items()}
    assert "текстом" in got["voice"][0]
    assert "Записал" in got["call"][0]
    assert got["later"][0].startswith("Хорошо, напишу вам ")
    later = product.get_lead(leads["later"])
    assert later["due_at"] == later["follow_up_at"]
    assert token_of_link(got["both"][0])
    assert "приложени" in got["both"][0].lower()
    assert "сайт" in got["who"][0]
    assert "приложени" in got["forwarded"][0].lower()
    assert got["emoji"][0].rstrip().endswith("?")
    assert len(got["wrong"]) == 1
    product.say(people["broken"], **replies["broken"][1])
    lead = product.wait_for_status(leads["broken"], "handed_off")
    assert lead["events"][-1]["reason"] == "has trouble with the booking page"
    assert "Why: has trouble with the booking page" in lead["handoff_summary"]
    # The new message cancels the promised one.
    product.say(people["later"], "Уже освободился, давайте созвонимся")
    product.wait_for_status(leads["later"], "scheduled")
    assert product.get_lead(leads["later"])["follow_up_at"] is None
    states = [one["state"] for one in product.get_lead(leads["deleted"])["messages"]]
    assert states == ["sent", "deleted"]
    until(lambda: len(product.received(people["deleted"])) == 1, "a deleted message is not answered")


def _greeted(product: RunningProduct, *ways: str) -> tuple[dict[str, dict], dict[str, int]]:
    """Add a person for each name; returns the people and their greeted leads."""
    people = {way: product.add_person() for way in ways}
    leads = {way: product.submit(Telegram=f"@{one['username']}")["id"] for way, one in people.items()}
    for lead in leads.values():
        product.wait_for_status(lead, "contacted")
    return people, leads


def test_media_is_stored_and_gets_a_question(product: RunningProduct) -> None:
    kinds = {
        "photo": "[photo]",
        "document": "[file: document.pdf]",
        "location": "[place: 55.7558, 37.6173]",
        "contact": "[contact: Контакт, +79990000000]",
    }
    people, leads = _greeted(product, *kinds)
    for kind, person in people.items():
        product.say(person, media=kind)
    for kind, lead_id in leads.items():
        lead = product.wait_for_status(lead_id, "engaged")
        (said,) = [one["text"] for one in lead["messages"] if one["direction"] == "in"]
        assert said == kinds[kind]
        assert product.received(people[kind])[1].rstrip().endswith("?")


def test_follow_ups_are_sent_once_and_takeovers_expire(product: RunningProduct) -> None:
    people, leads = _greeted(product, "monday", "taken", "moving", "booked", "unclear")
    product.say(people["monday"], "Сейчас занят, напишите в понедельник")
    product.say(people["moving"], "Давайте созвонимся")
    product.say(people["booked"], "Давайте созвонимся")
    product.say(people["unclear"], "хм")
    product.wait_for_status(leads["monday"], "engaged")
    product.wait_for_status(leads["moving"], "scheduled")
    product.say(people["moving"], "Можно перенести встречу на другой день?")
    product.wait_for_status(leads["booked"], "scheduled")
    product.execute(f"UPDATE leads SET status = 'booked' WHERE id = {leads['booked']}")
    product.say(people["booked"], "Завтра не смогу")
    product.wait_for_status(leads["unclear"], "engaged")
    product.say(people["unclear"], "хм")
    assert product.api.post(f"/leads/{leads['taken']}/takeover").is_success
    product.say(people["taken"], "А вы делаете мобильные приложения?")
    until(
        lambda: product.get_lead(leads["taken"])["messages"][-1]["direction"] == "in", "the message is stored"
    )
    assert len(product.received(people["taken"])) == 1
    # The promised day has come, and the time of the takeover is over.
    product.execute(
        "UPDATE planned_messages SET send_at = (SELECT created_at FROM leads WHERE leads.id = lead_id)"
        f" WHERE lead_id = {leads['monday']}"
    )
    product.execute(
        f"UPDATE leads SET due_at = created_at, follow_up_at = created_at WHERE id = {leads['monday']}"
    )
    product.execute(
        f"UPDATE leads SET due_at = created_at, returns_at = created_at WHERE id = {leads['taken']}"
    )
    until(lambda: len(product.received(people["monday"])) == 3, "the promised message")
    until(lambda: len(product.received(people["taken"])) == 2, "an answer after the return")
    assert "приложени" in product.received(people["taken"])[1].lower()
    kinds = [
        one["kind"] for one in product.get_lead(leads["monday"])["messages"] if one["direction"] == "out"
    ]
    assert kinds[2:] == ["follow_up"]
    assert product.get_lead(leads["monday"])["follow_up_at"] is None
    for way in ("moving", "booked"):
        lead = product.wait_for_status(leads[way], "handed_off")
        assert lead["events"][-1]["reason"] == "wants to move a booked meeting"
        assert token_of_link(product.received(people[way])[2])
    lead = product.wait_for_status(leads["unclear"], "handed_off")
    assert "коллег" in product.received(people["unclear"])[2]
    assert len(product.received(people["monday"])) == 3
