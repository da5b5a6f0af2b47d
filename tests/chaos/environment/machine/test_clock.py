"""A worker whose clock was wrong for a while: once it is right again, nothing that was stored binds."""

import os
import time
from collections.abc import Iterator

import pytest

from tests.chaos.environment.machine.shifted_worker import ShiftedWorker, library
from tests.support.databases import new_database
from tests.support.running_product import RunningProduct, running_product
from tests.support.waiting import patience_seconds, until

pytestmark = [
    pytest.mark.skipif("CHAOS" not in os.environ, reason="make chaos"),
    pytest.mark.skipif(library() is None, reason="libfaketime is not installed"),
]

# Gaps and debounces, so that moments are stored.
SETTINGS = {"OUTREACH_GAP_SECONDS": "1", "LOOKUP_GAP_SECONDS": "1", "TYPING_SECONDS": "0.1"}
DAY = 24 * 3600
SHIFTS = [90, 600, DAY, 100 * DAY]
# Shorter than the pause between two looks of the clock watch, and longer.
SHORT_SECONDS, LONG_SECONDS = 3.0, 8.0


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def product(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProduct]:
    """A product on each database; its worker is replaced by one with a clock of its own."""
    folder = tmp_path_factory.mktemp("clock")
    with running_product(folder, new_database(request, request.param, folder), **SETTINGS) as one:
        one.worker.stop()
        yield one


@pytest.mark.timeout(patience_seconds(300))
@pytest.mark.parametrize("seconds", [SHORT_SECONDS, LONG_SECONDS])
@pytest.mark.parametrize("ahead", SHIFTS)
def test_a_clock_that_was_ahead_while_the_worker_ran(
    product: RunningProduct, ahead: int, seconds: float
) -> None:
    with ShiftedWorker.running(product) as worker:
        before = _invite(product)
        worker.set_ahead(ahead)
        during = [_invite(product) for _ in range(2)]
        time.sleep(seconds)
        worker.set_ahead(0)
        _check_all_goes_on(product, [before, *during])


@pytest.mark.timeout(patience_seconds(300))
@pytest.mark.parametrize("ahead", SHIFTS)
def test_a_clock_that_was_ahead_at_the_start(product: RunningProduct, ahead: int) -> None:
    with ShiftedWorker.running(product, ahead):
        early = [_invite(product) for _ in range(2)]
        time.sleep(SHORT_SECONDS)
    with ShiftedWorker.running(product):
        _check_all_goes_on(product, early)


def _invite(product: RunningProduct) -> tuple[dict[str, object], int]:
    person = product.add_person()
    form = {"Name": "Анна", "Telegram": person["username"], "tranid": f"{person['id']}:1"}
    # On a busy machine the api may ask the sender to try again.
    stored = until(lambda: _stored(product, form), "the form is stored")
    return person, stored["id"]


def _stored(product: RunningProduct, form: dict[str, str]) -> dict[str, int]:
    answer = product.api.post("/leads/webhooks/tilda", data=form)
    assert answer.is_success or answer.status_code == 503, answer.text
    found: dict[str, int] = answer.json() if answer.is_success else {}
    return found


def _check_all_goes_on(product: RunningProduct, earlier: list[tuple[dict[str, object], int]]) -> None:
    """Everybody is greeted once and answered, also a newcomer, sooner than the wrong clock's moments."""
    people = [*earlier, _invite(product)]
    for _, lead in people:
        product.wait_for_status(lead, "contacted")
    for person, _ in people:
        product.say(person, "А вы делаете мобильные приложения?")
    for person, lead in people:
        product.wait_for_status(lead, "engaged")
        assert len(product.received(person)) == 2
