"""What real people do: several of them at once, each in their own way."""

from tests.support.running_product import LINK, RunningProduct, until


def test_a_day_in_the_chats(house: RunningProduct) -> None:
    says: dict[str, list[dict]] = {
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
    people = {way: house.person() for way in (*says, "deleted")}
    leads = {way: house.submit(Telegram=f"@{one['username']}")["id"] for way, one in people.items()}
    for lead in leads.values():
        house.becomes(lead, "contacted")
    for way, lines in says.items():
        house.say(people[way], **lines[0])
    house.say(people["deleted"], "Сколько стоит сайт?")
    (question,) = [one for one in house.chat(people["deleted"]) if one["from"] == "person"]
    house.say(people["deleted"], delete=question["id"])
    ends = {"voice": "engaged", "call": "handed_off", "later": "engaged", "both": "scheduled"}
    ends |= {"who": "engaged", "wrong": "rejected", "broken": "scheduled", "forwarded": "engaged"}
    ends["emoji"] = "engaged"
    for way, status in ends.items():
        house.becomes(leads[way], status)
    got = {way: house.received(person)[1:] for way, person in people.items()}
    assert "текстом" in got["voice"][0]
    assert "коллеге" in got["call"][0]
    assert got["later"][0].startswith("Хорошо, напишу вам ")
    later = house.lead(leads["later"])
    assert later["due_at"] == later["follow_up_at"]
    assert got["both"][0].endswith(LINK)
    assert "приложени" in got["both"][0].lower()
    assert "сайт" in got["who"][0]
    assert "приложени" in got["forwarded"][0].lower()
    assert got["emoji"][0].rstrip().endswith("?")
    assert len(got["wrong"]) == 1
    house.say(people["broken"], **says["broken"][1])
    lead = house.becomes(leads["broken"], "handed_off")
    assert lead["events"][-1]["reason"] == "has trouble with the booking page"
    assert "Why: has trouble with the booking page" in lead["handoff_summary"]
    # The new words call the promised message off.
    house.say(people["later"], "Уже освободился, давайте созвонимся")
    house.becomes(leads["later"], "scheduled")
    assert house.lead(leads["later"])["follow_up_at"] is None
    states = [one["state"] for one in house.lead(leads["deleted"])["messages"]]
    assert states == ["sent", "deleted"]
    until(lambda: len(house.received(people["deleted"])) == 1, "what was taken back is not answered")


def _reached(house: RunningProduct, *ways: str) -> tuple[dict[str, dict], dict[str, int]]:
    """Somebody for each way, and their leads, once all are greeted."""
    people = {way: house.person() for way in ways}
    leads = {way: house.submit(Telegram=f"@{one['username']}")["id"] for way, one in people.items()}
    for lead in leads.values():
        house.becomes(lead, "contacted")
    return people, leads


def test_what_is_no_text_is_kept_and_asked_back(house: RunningProduct) -> None:
    kinds = {"photo": "[photo]", "document": "[file]", "location": "[location]", "contact": "[contact]"}
    people, leads = _reached(house, *kinds)
    for kind, person in people.items():
        house.say(person, media=kind)
    for kind, lead_id in leads.items():
        lead = house.becomes(lead_id, "engaged")
        (said,) = [one["text"] for one in lead["messages"] if one["direction"] == "in"]
        assert said == kinds[kind]
        assert house.received(people[kind])[1].rstrip().endswith("?")


def test_what_was_promised_comes_once_and_a_human_gives_back_in_time(house: RunningProduct) -> None:
    people, leads = _reached(house, "monday", "taken", "moving", "booked", "unclear")
    house.say(people["monday"], "Сейчас занят, напишите в понедельник")
    house.say(people["moving"], "Давайте созвонимся")
    house.say(people["booked"], "Давайте созвонимся")
    house.say(people["unclear"], "хм")
    house.becomes(leads["monday"], "engaged")
    house.becomes(leads["moving"], "scheduled")
    house.say(people["moving"], "Можно перенести встречу на другой день?")
    house.becomes(leads["booked"], "scheduled")
    house.let(f"UPDATE leads SET status = 'booked' WHERE id = {leads['booked']}")
    house.say(people["booked"], "Завтра не смогу")
    house.becomes(leads["unclear"], "engaged")
    house.say(people["unclear"], "хм")
    assert house.api.post(f"/leads/{leads['taken']}/takeover").is_success
    house.say(people["taken"], "А вы делаете мобильные приложения?")
    until(lambda: house.lead(leads["taken"])["messages"][-1]["direction"] == "in", "the words are kept")
    assert len(house.received(people["taken"])) == 1
    # The day comes, and the human's time is over.
    house.let(f"UPDATE leads SET due_at = created_at, follow_up_at = created_at WHERE id = {leads['monday']}")
    house.let(f"UPDATE leads SET due_at = created_at, returns_at = created_at WHERE id = {leads['taken']}")
    until(lambda: len(house.received(people["monday"])) == 3, "the promised message")
    until(lambda: len(house.received(people["taken"])) == 2, "an answer after the return")
    assert "приложени" in house.received(people["taken"])[1].lower()
    kinds = [one["kind"] for one in house.lead(leads["monday"])["messages"] if one["direction"] == "out"]
    assert kinds[2:] == ["follow_up"]
    assert house.lead(leads["monday"])["follow_up_at"] is None
    for way in ("moving", "booked"):
        lead = house.becomes(leads[way], "handed_off")
        assert lead["events"][-1]["reason"] == "wants to move a booked meeting"
        assert house.received(people[way])[2].endswith(LINK)
    lead = house.becomes(leads["unclear"], "handed_off")
    assert "коллег" in house.received(people["unclear"])[2]
    assert len(house.received(people["monday"])) == 3
