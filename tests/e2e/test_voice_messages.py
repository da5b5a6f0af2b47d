"""Voice messages with TRANSCRIBE_MODEL are downloaded, transcribed, and answered like text."""

import pytest

from tests.support.running_product import RunningProduct, token_of_link


def test_a_voice_message_is_transcribed(transcribing_product: RunningProduct) -> None:
    product = transcribing_product
    person = product.add_person()
    lead = product.submit(Telegram=f"@{person['username']}")["id"]
    product.wait_for_status(lead, "contacted")
    product.say(person, media="voice", spoken="да, давайте созвонимся")
    found = product.wait_for_status(lead, "scheduled")
    assert token_of_link(product.received(person)[1])
    assert found["messages"][1]["text"] == "[voice] да, давайте созвонимся"
    assert product.control.get("/openai/calls").json()["counters"]["by_api"]["transcriptions"] == 1


@pytest.mark.parametrize("kind", ["unknown_model", "unsupported_country"])
def test_without_a_transcription_the_person_is_asked_to_write(
    transcribing_product: RunningProduct, kind: str
) -> None:
    product = transcribing_product
    person = product.add_person()
    lead = product.submit(Telegram=f"@{person['username']}")["id"]
    product.wait_for_status(lead, "contacted")
    planned = product.control.post("/openai/faults", json={"kind": kind, "api": "transcriptions"})
    assert planned.status_code == 201, planned.text
    product.say(person, media="voice", spoken="да")
    product.wait_for_status(lead, "engaged")
    assert "текстом" in product.received(person)[1]


def test_a_voice_message_in_another_data_centre_is_asked_for_in_writing(
    transcribing_product: RunningProduct,
) -> None:
    product = transcribing_product
    person = product.add_person()
    lead = product.submit(Telegram=f"@{person['username']}")["id"]
    product.wait_for_status(lead, "contacted")
    product.plan_fault(method="upload.GetFile", action="error", code=303, message="FILE_MIGRATE_4")
    product.say(person, media="voice", spoken="да")
    found = product.wait_for_status(lead, "engaged")
    assert "текстом" in product.received(person)[1]
    assert found["messages"][1]["text"] == "[voice message, not heard]"
