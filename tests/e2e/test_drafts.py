"""With MODE=drafts nothing reaches a person before somebody has approved it."""

from tests.support.running_product import RunningProduct, until


def _draft(house: RunningProduct, lead_id: int, words: str | None) -> dict:
    """The draft for a lead that answers these words."""

    def look() -> dict | None:
        drafts = [one for one in house.api.get("/drafts").json() if one["lead_id"] == lead_id]
        return next((one for one in drafts if one["last_words"] == words), None)

    return until(look, f"a draft of lead {lead_id} answers {words!r}")


def test_nothing_is_sent_unseen(house: RunningProduct) -> None:
    house.worker.stop()
    house.worker = house.start_worker(MODE="drafts", GREETING_MODE="template")
    person = house.person()
    lead_id = house.submit(Telegram=f"@{person['username']}", Name="Ольга")["id"]
    greeting = _draft(house, lead_id, None)
    assert greeting["text"].startswith("Здравствуйте, Ольга!")
    assert house.chat(person) == []
    house.api.post(f"/drafts/{greeting['id']}/approve")
    house.becomes(lead_id, "contacted")
    house.say(person, "Сколько стоит сайт?")
    first = _draft(house, lead_id, "Сколько стоит сайт?")
    house.say(person, "И какие сроки?")
    second = _draft(house, lead_id, "И какие сроки?")
    assert house.api.post(f"/drafts/{first['id']}/approve").status_code == 409
    house.api.post(f"/drafts/{second['id']}/approve", json={"text": "Смотря какой: расскажете подробнее?"})
    house.becomes(lead_id, "engaged")
    assert house.received(person)[1:] == ["Смотря какой: расскажете подробнее?"]
    house.worker.stop()
    house.worker = house.start_worker()
