"""A person is erased while the worker sends to them: the erasure wins, and the worker continues."""

from tests.support.running_product import RunningProduct
from tests.support.waiting import until


def test_an_erasure_during_a_send_wins(product: RunningProduct) -> None:
    person = product.add_person()
    product.plan_fault(
        action="delay_after", method="messages.SendMessage", person=person["id"], seconds=2, times=1
    )
    lead = product.submit(Telegram=person["username"])
    until(lambda: product.received(person), "the greeting is delivered, but not confirmed yet")
    assert product.api.delete(f"/leads/{lead['id']}", params={"everything": "true"}).status_code == 204
    product.worker.wait_for_log(f"lead {lead['id']}: lead {lead['id']} is worked on by nobody: it is gone")
    other = product.add_person()
    product.wait_for_status(product.submit(Telegram=other["username"])["id"], "contacted")
    assert product.api.get(f"/leads/{lead['id']}").status_code == 404
    # A new submission is a new lead: nothing of the erased one prevents it.
    assert product.wait_for_status(product.submit(Telegram=person["username"])["id"], "contacted")["status"]
    assert len(product.received(person)) == 2
