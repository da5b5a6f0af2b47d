"""Telegram is unreachable or answers 500, for all leads or for one person."""

import pytest

from tests.chaos.outages.catalogue import RESOLVE, SEND, TELEGRAM, UNTIL_REMOVED, remove_faults
from tests.chaos.outages.scenarios import Outage, run_outage
from tests.chaos.outages.status_history import Row, attempts, watch
from tests.support.running_product import LINK, RunningProduct


@pytest.mark.parametrize("outage", TELEGRAM, ids=lambda outage: outage.name)
def test_the_product_waits_and_counts_no_failed_attempt(product: RunningProduct, outage: Outage) -> None:
    report = run_outage(product, outage, seconds=2)
    assert report.clean, report
    assert report.attempts == 0


def _failing(product: RunningProduct, lead: int) -> Row:
    """Return the failed lead; meanwhile other leads are greeted one by one."""
    for _ in range(20):
        person = product.add_person()
        product.wait_for_status(product.submit(Telegram=person["username"])["id"], "contacted")
        if product.get_lead(lead)["status"] == "failed":
            return product.get_lead(lead)
    raise AssertionError(product.get_lead(lead))


def _retry(product: RunningProduct, lead: int) -> None:
    remove_faults(product)
    assert product.api.post(f"/leads/{lead}/retry").is_success


def _plan_failures(product: RunningProduct, person: Row, action: str) -> None:
    """Answer every message to this person with a 500 until the fault is removed."""
    fault = {"action": action, "code": 500, "message": "RPC_CALL_FAIL", "times": UNTIL_REMOVED}
    product.plan_fault(method=SEND, person=person["id"], **fault)


@pytest.mark.parametrize("action", ["error", "error_after"])
def test_one_failing_greeting_fails_the_lead_and_is_sent_once_after_a_retry(
    product: RunningProduct, action: str
) -> None:
    """`error_after`: Telegram has the message, but answers 500."""
    person = product.add_person()
    _plan_failures(product, person, action)
    lead = product.submit(Telegram=person["username"])["id"]
    failed = _failing(product, lead)
    assert "RPC_CALL_FAIL" in failed["last_error"]
    _retry(product, lead)
    product.wait_for_status(lead, "contacted")
    assert len(product.received(person)) == 1


def test_one_failing_answer_fails_the_lead_and_is_sent_once_after_a_retry(
    product: RunningProduct,
) -> None:
    person = product.add_person()
    lead = product.submit(Telegram=person["username"])["id"]
    product.wait_for_status(lead, "contacted")
    _plan_failures(product, person, "error_after")
    product.say(person, "Да, давайте созвонимся")
    _failing(product, lead)
    _retry(product, lead)
    product.wait_for_status(lead, "scheduled")
    assert [LINK in text for text in product.received(person)] == [False, True]


@pytest.mark.parametrize("method", [RESOLVE, SEND])
def test_a_few_500s_are_not_counted(product: RunningProduct, method: str) -> None:
    product.plan_fault(action="error", code=500, message="RPC_CALL_FAIL", method=method, times=3)
    person = product.add_person()
    lead = product.submit(Telegram=person["username"])["id"]
    seen = watch(product, lead, "contacted")
    assert attempts(seen) == {0}
    assert any("RPC_CALL_FAIL" in (one["last_error"] or "") for one in seen)
    assert len(product.received(person)) == 1
