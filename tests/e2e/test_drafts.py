"""With MODE=drafts a message is sent only after a human has approved it."""

from tests.support.running_product import RunningProduct
from tests.support.waiting import until


def _draft(product: RunningProduct, lead_id: int, words: str | None, *, after: int = 0) -> dict:
    """Wait for the draft that answers these words; `after`: the id of a draft that does not count."""

    def look() -> dict | None:
        drafts = [
            one
            for one in product.api.get("/drafts").json()
            if one["lead_id"] == lead_id and one["id"] > after
        ]
        return next((one for one in drafts if one["last_words"] == words), None)

    return until(look, f"a draft of lead {lead_id} answers {words!r}")


def test_only_approved_drafts_are_sent(product: RunningProduct) -> None:
    product.worker.stop()
    product.worker = product.start_worker(MODE="drafts", GREETING_MODE="template")
    person = product.add_person()
    lead_id = product.submit(Telegram=f"@{person['username']}", Name="Ольга")["id"]
    greeting = _draft(product, lead_id, None)
    assert greeting["text"].startswith("Здравствуйте, Ольга!")
    assert product.chat(person) == []
    product.api.post(f"/drafts/{greeting['id']}/approve")
    product.wait_for_status(lead_id, "contacted")
    product.say(person, "Сколько стоит сайт?")
    first = _draft(product, lead_id, "Сколько стоит сайт?")
    product.say(person, "И какие сроки?")
    second = _draft(product, lead_id, "И какие сроки?", after=first["id"])
    assert product.api.post(f"/drafts/{first['id']}/approve").status_code == 409
    product.api.post(f"/drafts/{second['id']}/approve", json={"text": "Смотря какой: расскажете подробнее?"})
    product.wait_for_status(lead_id, "engaged")
    assert product.received(person)[1:] == ["Смотря какой: расскажете подробнее?"]
    product.worker.stop()
    product.worker = product.start_worker()
