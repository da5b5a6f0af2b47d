"""A person is erased while the worker is at it: the erasure wins, and the worker goes on."""

from tests.support.running_product import RunningProduct, until


def test_an_erasure_in_mid_send_wins(house: RunningProduct) -> None:
    person = house.person()
    house.fault(action="delay_after", method="messages.SendMessage", person=person["id"], seconds=2, times=1)
    lead = house.submit(Telegram=person["username"])
    until(lambda: house.received(person), "the greeting has arrived, and Telegram has not said so yet")
    assert house.api.delete(f"/leads/{lead['id']}", params={"everything": "true"}).status_code == 204
    house.worker.says(f"lead {lead['id']}: lead {lead['id']} is worked on by nobody: it is gone")
    other = house.person()
    house.becomes(house.submit(Telegram=other["username"])["id"], "contacted")
    assert house.api.get(f"/leads/{lead['id']}").status_code == 404
    # Who comes anew is a new lead: nothing of the old one stands in its way.
    assert house.becomes(house.submit(Telegram=person["username"])["id"], "contacted")["status"]
    assert len(house.received(person)) == 2
