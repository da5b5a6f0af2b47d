"""The owner takes a conversation over at any moment, by typing, over HTTP or from Saved Messages."""

from tests.support.running_product import LINK, RunningProduct, until


def _accounts(house: RunningProduct) -> dict:
    (account, *_) = house.control.get("/accounts").json()
    return account


def _type(house: RunningProduct, text: str, person: dict | None = None) -> None:
    """A human of the agency writes on another device."""
    typed = {"text": text} | ({"person": person["id"]} if person else {})
    answer = house.control.post(f"/accounts/{_accounts(house)['id']}/messages", json=typed)
    assert answer.status_code == 201, answer.text


def _told(house: RunningProduct, words: str) -> str:
    """What the worker has said in Saved Messages with these words in it."""
    path = f"/accounts/{_accounts(house)['id']}/notes"

    def look() -> str | None:
        notes = [note["text"] for note in house.control.get(path).json() if note["random_id"]]
        return next((text for text in notes if words in text), None)

    return until(look, f"the owner is told {words!r}")


def _greeted(house: RunningProduct) -> tuple[dict, int]:
    person = house.person()
    return person, house.submit(Telegram=f"@{person['username']}", Comments="Нужен сайт")["id"]


def test_a_human_takes_over(house: RunningProduct) -> None:
    people = {way: _greeted(house) for way in ("typing", "http", "notes")}
    for _, lead in people.values():
        house.becomes(lead, "contacted")
    # By typing: the worker hears of it and is silent.
    typing, by_typing = people["typing"]
    _type(house, "Здравствуйте, это Мария, отвечу сама", typing)
    lead = house.becomes(by_typing, "handed_off")
    assert "Нужен сайт" in lead["handoff_summary"]
    house.say(typing, "Сколько стоит сайт?")
    # Over HTTP: sent once, by the worker.
    http, by_http = people["http"]
    words = {"text": "Это Мария, наберу вас через час"}
    for _ in range(2):
        answer = house.api.post(f"/leads/{by_http}/reply", json=words, headers={"Idempotency-Key": "1"})
        assert answer.is_success, answer.text
    until(lambda: house.received(http)[1:] == [words["text"]], "the human's words arrive")
    # From Saved Messages.
    notes, by_notes = people["notes"]
    _type(house, f"{by_notes}: Это Мария, пишу вам сама")
    until(lambda: house.received(notes)[1:] == ["Это Мария, пишу вам сама"], "the note arrives")
    _told(house, f"Лид {by_notes}: отправляю")
    # Given back, the assistant answers what nobody has.
    _type(house, f"{by_notes} верни")
    house.becomes(by_notes, "engaged")
    house.say(notes, "Да, давайте созвонимся")
    house.becomes(by_notes, "scheduled")
    assert house.received(notes)[2].endswith(LINK)
    until(lambda: len(house.lead(by_typing)["messages"]) == 3, "the question is kept")
    assert len(house.received(typing)) == 2
    assert house.api.post(f"/leads/{by_typing}/release").json()["status"] == "engaged"
    until(lambda: len(house.received(typing)) == 3, "the question is answered after all")
    kinds = [message["kind"] for message in house.lead(by_typing)["messages"]]
    assert kinds == ["greeting", "human", "reply", "answer"]


def test_a_human_who_typed_while_nobody_listened(house: RunningProduct) -> None:
    person, lead = _greeted(house)
    house.becomes(lead, "contacted")
    house.worker.stop()
    _type(house, "Здравствуйте, это Мария", person)
    house.say(person, "Да, давайте")
    house.fault(action="difference_too_long", times=1)
    house.worker = house.start_worker()
    house.becomes(lead, "handed_off")
    until(lambda: len(house.lead(lead)["messages"]) == 3, "the answer to the human is kept")
    assert len(house.received(person)) == 2
