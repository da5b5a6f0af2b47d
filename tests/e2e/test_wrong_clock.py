"""A machine whose clock is wrong: the worker starts, answers, and says so once."""

from collections.abc import Iterator

import pytest

from tests.support.databases import new_database
from tests.support.running_product import RunningProduct, running_product


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """A separate product, because its Telegram's clock is moved."""
    folder = tmp_path_factory.mktemp("clock")
    with running_product(folder, new_database(request, request.param, folder)) as product:
        yield product


@pytest.mark.parametrize("ahead", [-100, 600])
def test_a_lead_is_answered_on_a_machine_with_a_wrong_clock(product: RunningProduct, ahead: int) -> None:
    product.control.patch("/telegram/settings", json={"clock_ahead": ahead}).raise_for_status()
    product.worker.stop()
    product.restart_worker()
    person = product.add_person()
    lead = product.submit(Telegram=person["username"])
    product.wait_for_status(lead["id"], "contacted")
    product.say(person, "Да, давайте созвонимся")
    product.wait_for_status(lead["id"], "scheduled")
    assert product.worker.text().count("this machine's clock is") == 1
