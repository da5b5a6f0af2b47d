"""What real people do: several of them at once, each in their own way."""

from tests.house import LINK, House, until


def test_a_day_in_the_chats(house: House) -> None:
    says: dict[str, list[dict]] = {
        "voice": [{"media": "voice"}],
        "call": [{"text": "Позвоните мне, пожалуйста"}],
        "later": [{"text": "Сейчас занят, напишите в понедельник"}],
        "both": [{"text": "Да, давайте. А вы делаете мобильные приложения?"}],
        "who": [{"text": "А вы кто? Откуда у вас мой номер?"}],
        "wrong": [{"text": "Вы ошиблись номером, я ничего не оставлял"}],
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
    ends |= {"who": "engaged", "wrong": "rejected", "broken": "scheduled"}
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
