"""Voice messages with TRANSCRIBE_MODEL: fetched, heard, and answered as words are."""

import pytest

from tests.support.running_product import LINK, RunningProduct


def test_a_voice_message_is_heard(hearing_house: RunningProduct) -> None:
    house = hearing_house
    person = house.person()
    lead = house.submit(Telegram=f"@{person['username']}")["id"]
    house.becomes(lead, "contacted")
    house.say(person, media="voice", spoken="да, давайте созвонимся")
    found = house.becomes(lead, "scheduled")
    assert house.received(person)[1].endswith(LINK)
    assert found["messages"][1]["text"] == "[voice] да, давайте созвонимся"
    assert house.control.get("/openai/calls").json()["counters"]["by_api"]["transcriptions"] == 1


@pytest.mark.parametrize("kind", ["unknown_model", "unsupported_country"])
def test_what_the_model_refuses_is_asked_for_in_writing(hearing_house: RunningProduct, kind: str) -> None:
    house = hearing_house
    person = house.person()
    lead = house.submit(Telegram=f"@{person['username']}")["id"]
    house.becomes(lead, "contacted")
    planned = house.control.post("/openai/faults", json={"kind": kind, "api": "transcriptions"})
    assert planned.status_code == 201, planned.text
    house.say(person, media="voice", spoken="да")
    house.becomes(lead, "engaged")
    assert "текстом" in house.received(person)[1]


def test_a_voice_message_elsewhere_is_asked_for_in_writing(hearing_house: RunningProduct) -> None:
    house = hearing_house
    person = house.person()
    lead = house.submit(Telegram=f"@{person['username']}")["id"]
    house.becomes(lead, "contacted")
    house.fault(method="upload.GetFile", action="error", code=303, message="FILE_MIGRATE_4")
    house.say(person, media="voice", spoken="да")
    found = house.becomes(lead, "engaged")
    assert "текстом" in house.received(person)[1]
    assert found["messages"][1]["text"] == "[voice message, not heard]"
