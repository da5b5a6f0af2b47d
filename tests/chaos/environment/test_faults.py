"""While the database cannot store, everything says why, no process ends, and no lead is lost."""

import asyncio
import os
import time
from collections.abc import Sequence

import httpx2
import pytest
from _pytest.mark.structures import ParameterSet

from shared.clock import utc_now
from shared.database.engine import Database
from tests.chaos.environment.conftest import Installation
from tests.chaos.environment.faults import POSTGRES, SQLITE, Fault
from tests.support.waiting import patience_seconds, until
from worker.doctor import database_checks
from worker.monitoring import status_report
from worker.monitoring.status_report import StatusError

MARK = "Пелагея-Маркова"
FORM_SECONDS, READY_SECONDS = 10, 5


def _cases(faults: Sequence[Fault]) -> list[ParameterSet]:
    left_out = pytest.mark.skipif("CHAOS" not in os.environ, reason="make chaos")
    return [pytest.param(one, id=one.name, marks=[left_out] if one.is_slow else []) for one in faults]


@pytest.mark.parametrize("fault", _cases(POSTGRES))
def test_a_fault_of_postgresql(on_postgres: Installation, fault: Fault) -> None:
    _check(on_postgres, fault)


@pytest.mark.parametrize("fault", _cases(SQLITE))
def test_a_fault_of_sqlite(on_sqlite: Installation, fault: Fault) -> None:
    _check(on_sqlite, fault)


def _check(installation: Installation, fault: Fault) -> None:
    product = installation.product
    processes = [product.api_process.pid, product.worker.pid]
    person = product.add_person()
    form = {"Name": MARK, "Telegram": f"@{person['username']}", "tranid": f"{person['id']}:1"}
    with fault.begin(installation.owner_url):
        began = time.monotonic()
        answer = product.api.post("/leads/webhooks/tilda", data=form)
        assert time.monotonic() - began < patience_seconds(FORM_SECONDS)
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0
        assert _tells(fault, answer.json()["detail"]), answer.text
        began = time.monotonic()
        ready = product.api.get("/readyz")
        assert time.monotonic() - began < patience_seconds(READY_SECONDS)
        assert ready.status_code == 503, ready.text
        assert _tells(fault, ready.json()["detail"]), ready.text
        until(lambda: _tells(fault, _trouble(installation)), f"the worker's health tells of: {fault.name}")
        assert _tells(fault, asyncio.run(_command_lines(product.database_url)))
    until(lambda: product.api.get("/readyz").is_success, "the api is ready again")
    # The sender tries again, as it was told to.
    answer = product.api.post("/leads/webhooks/tilda", data=form)
    assert answer.is_success, answer.text
    product.wait_for_status(answer.json()["id"], "contacted")
    assert len(product.received(person)) == 1
    until(lambda: _trouble(installation) is None, "the worker is well again")
    assert [product.api_process.pid, product.worker.pid] == processes
    assert (product.api_process.exit_code, product.worker.exit_code) == (None, None)
    for process in (product.api_process, product.worker):
        assert MARK not in process.text()
        assert "exception was never retrieved" not in process.text()


def _tells(fault: Fault, text: str | None) -> bool:
    return text is not None and any(meaning.reason in text for meaning in fault.says)


def _trouble(installation: Installation) -> str | None:
    found = httpx2.get(f"http://127.0.0.1:{installation.health_port}/readyz", timeout=patience_seconds())
    trouble: str | None = found.json()["trouble"]
    return trouble


async def _command_lines(url: str) -> str:
    """What `status` and the doctor say, each about a failure."""
    database = Database(url, pool_size=1)
    try:
        said = " ".join(f"{finding.said}" for finding in await database_checks.check(database))
        try:
            status = await status_report.load_status(database, now=utc_now())
            said += f" {status.trouble}"
        except StatusError as error:
            said += f" {error}"
    finally:
        await database.close()
    return said
