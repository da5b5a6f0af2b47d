"""Telegram gone, or in trouble: for everybody, and for one person alone."""

import pytest

from tests.chaos.outages.catalogue import FOR_EVER, RESOLVE, SEND, TELEGRAM, mend
from tests.chaos.outages.scenarios import Outage, go_through
from tests.chaos.outages.status_history import Row, attempts, watch
from tests.support.running_product import LINK, RunningProduct


@pytest.mark.parametrize("outage", TELEGRAM, ids=lambda outage: outage.name)
def test_it_is_waited_out_and_charged_to_nobody(house: RunningProduct, outage: Outage) -> None:
    report = go_through(house, outage, seconds=2)
    assert report.clean, report
    assert report.attempts == 0


def _failing(house: RunningProduct, lead: int) -> Row:
    """The lead, failed, after others got on one by one meanwhile."""
    for _ in range(20):
        person = house.person()
        house.becomes(house.submit(Telegram=person["username"])["id"], "contacted")
        if house.lead(lead)["status"] == "failed":
            return house.lead(lead)
    raise AssertionError(house.lead(lead))


def _try_again(house: RunningProduct, lead: int) -> None:
    mend(house)
    assert house.api.post(f"/leads/{lead}/retry").is_success


def _in_trouble(house: RunningProduct, person: Row, action: str) -> None:
    """Every message to this person is answered with a 500, until mended."""
    fault = {"action": action, "code": 500, "message": "RPC_CALL_FAIL", "times": FOR_EVER}
    house.fault(method=SEND, person=person["id"], **fault)


@pytest.mark.parametrize("action", ["error", "error_after"])
def test_who_alone_cannot_be_greeted_fails_and_is_greeted_once_when_tried_again(
    house: RunningProduct, action: str
) -> None:
    """`error_after`: Telegram has the message, and says 500."""
    person = house.person()
    _in_trouble(house, person, action)
    lead = house.submit(Telegram=person["username"])["id"]
    failed = _failing(house, lead)
    assert "RPC_CALL_FAIL" in failed["last_error"]
    _try_again(house, lead)
    house.becomes(lead, "contacted")
    assert len(house.received(person)) == 1


def test_who_alone_cannot_be_answered_fails_and_is_answered_once_when_tried_again(
    house: RunningProduct,
) -> None:
    person = house.person()
    lead = house.submit(Telegram=person["username"])["id"]
    house.becomes(lead, "contacted")
    _in_trouble(house, person, "error_after")
    house.say(person, "Да, давайте созвонимся")
    _failing(house, lead)
    _try_again(house, lead)
    house.becomes(lead, "scheduled")
    assert [LINK in text for text in house.received(person)] == [False, True]


@pytest.mark.parametrize("method", [RESOLVE, SEND])
def test_a_few_500s_cost_nothing(house: RunningProduct, method: str) -> None:
    house.fault(action="error", code=500, message="RPC_CALL_FAIL", method=method, times=3)
    person = house.person()
    lead = house.submit(Telegram=person["username"])["id"]
    seen = watch(house, lead, "contacted")
    assert attempts(seen) == {0}
    assert any("RPC_CALL_FAIL" in (one["last_error"] or "") for one in seen)
    assert len(house.received(person)) == 1
