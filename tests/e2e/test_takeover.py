"""The owner takes a conversation over at any moment: by typing, over HTTP or from Saved Messages."""

from tests.support.running_product import RunningProduct, token_of_link
from tests.support.waiting import until


def _accounts(product: RunningProduct) -> dict:
    (account, *_) = product.control.get("/accounts").json()
    return account


def _type(product: RunningProduct, text: str, person: dict | None = None) -> None:
    """Write as a human of the agency on another device of the account."""
    typed = {"text": text} | ({"person": person["id"]} if person else {})
    answer = product.control.post(f"/accounts/{_accounts(product)['id']}/messages", json=typed)
    assert answer.status_code == 201, answer.text


def _wait_for_note(product: RunningProduct, words: str) -> str:
    """Wait for the worker's note in Saved Messages that contains these words."""
    path = f"/accounts/{_accounts(product)['id']}/notes"

    def look() -> str | None:
        notes = [note["text"] for note in product.control.get(path).json() if note["random_id"]]
        return next((text for text in notes if words in text), None)

    return until(look, f"the owner is told {words!r}")


def _greeted(product: RunningProduct) -> tuple[dict, int]:
    person = product.add_person()
    return person, product.submit(Telegram=f"@{person['username']}", Comments="Нужен сайт")["id"]


def test_a_human_takes_over(product: RunningProduct) -> None:
    people = {way: _greeted(product) for way in ("typing", "http", "notes")}
    for _, lead in people.values():
        product.wait_for_status(lead, "contacted")
    # By typing: the worker gets the update and stops answering.
    typing, by_typing = people["typing"]
    _type(product, "Здравствуйте, это Мария, отвечу сама", typing)
    lead = product.wait_for_status(by_typing, "handed_off")
    assert "Нужен сайт" in lead["handoff_summary"]
    product.say(typing, "Сколько стоит сайт?")
    # Over HTTP: sent once, by the worker.
    http, by_http = people["http"]
    words = {"text": "Это Мария, наберу вас через час"}
    for _ in range(2):
        answer = product.api.post(f"/leads/{by_http}/reply", json=words, headers={"Idempotency-Key": "1"})
        assert answer.is_success, answer.text
    until(lambda: product.received(http)[1:] == [words["text"]], "the human's message arrives")
    # From Saved Messages.
    notes, by_notes = people["notes"]
    _type(product, f"{by_notes}: Это Мария, пишу вам сама")
    until(lambda: product.received(notes)[1:] == ["Это Мария, пишу вам сама"], "the note arrives")
    _wait_for_note(product, f"Лид {by_notes}: отправляю")
    # After the return the assistant answers the unanswered messages.
    _type(product, f"{by_notes} верни")
    product.wait_for_status(by_notes, "engaged")
    product.say(notes, "Да, давайте созвонимся")
    product.wait_for_status(by_notes, "scheduled")
    assert token_of_link(product.received(notes)[2])
    until(lambda: len(product.get_lead(by_typing)["messages"]) == 3, "the question is stored")
    assert len(product.received(typing)) == 2
    assert product.api.post(f"/leads/{by_typing}/release").json()["status"] == "engaged"
    until(lambda: len(product.received(typing)) == 3, "the question is answered after all")
    kinds = [message["kind"] for message in product.get_lead(by_typing)["messages"]]
    assert kinds == ["greeting", "human", "reply", "answer"]


def test_a_message_typed_while_the_worker_was_stopped(product: RunningProduct) -> None:
    person, lead = _greeted(product)
    product.wait_for_status(lead, "contacted")
    product.worker.stop()
    _type(product, "Здравствуйте, это Мария", person)
    product.say(person, "Да, давайте")
    product.plan_fault(action="difference_too_long", times=1)
    product.worker = product.start_worker()
    product.wait_for_status(lead, "handed_off")
    until(lambda: len(product.get_lead(lead)["messages"]) == 3, "the reply to the human is stored")
    assert len(product.received(person)) == 2
