"""While the database cannot store, everything says why, no process ends, and no lead is lost."""

import os
from collections.abc import Sequence

import pytest
from _pytest.mark.structures import ParameterSet

from tests.chaos.environment import logs, postgres_faults, sqlite_faults
from tests.chaos.environment.installation import Fault, Installation
from tests.chaos.environment.observation import Said, is_in_time, observe, tells, trouble
from tests.support.waiting import patience_seconds, until

MARK = "Пелагея-Маркова"


def _cases(faults: Sequence[Fault]) -> list[ParameterSet]:
    left_out = pytest.mark.skipif("CHAOS" not in os.environ, reason="make chaos")
    return [pytest.param(one, id=one.name, marks=[left_out] if one.is_slow else []) for one in faults]


@pytest.mark.parametrize("fault", _cases(postgres_faults.FAULTS))
def test_a_fault_of_postgresql(on_postgres: Installation, fault: Fault) -> None:
    check(on_postgres, fault)


@pytest.mark.parametrize("fault", _cases(sqlite_faults.FAULTS))
def test_a_fault_of_sqlite(on_sqlite: Installation, fault: Fault) -> None:
    check(on_sqlite, fault)


def check(installation: Installation, fault: Fault) -> Said:
    """Make the fault; returns what was said. The form that came meanwhile is sent again after it."""
    product = installation.product
    processes = [product.api_process.pid, product.worker.pid]
    person = product.add_person()
    form = {"Name": MARK, "Telegram": f"@{person['username']}", "tranid": f"{person['id']}:1"}
    with fault.begin(installation):
        said = observe(installation, fault, form)
    assert is_in_time(said), said
    assert [part for part, text in said.all.items() if not tells(fault, text)] == [], said
    until(lambda: product.api.get("/readyz").is_success, "the api is ready again")
    # The sender tries again, as it was told to.
    answer = product.api.post("/leads/webhooks/tilda", data=form)
    assert answer.is_success, answer.text
    product.wait_for_status(answer.json()["id"], "contacted")
    assert len(product.received(person)) == 1
    until(lambda: trouble(installation) is None, "the worker is well again")
    assert [product.api_process.pid, product.worker.pid] == processes
    assert (product.api_process.exit_code, product.worker.exit_code) == (None, None)
    for process in (product.api_process, product.worker):
        assert MARK not in process.text()
        assert "exception was never retrieved" not in process.text()
    return said


@pytest.mark.timeout(patience_seconds(1800))
def test_no_process_logs_the_words_of_a_person(on_postgres: Installation) -> None:
    product, count, is_whole = on_postgres.product, logs.Count(), "CHAOS" in os.environ
    person = product.add_person()
    lead = product.submit(Telegram=person["username"])
    product.wait_for_status(lead["id"], "contacted")
    browser = logs.sign_in(on_postgres)
    names = logs.tables(on_postgres.owner_url) if is_whole else ["leads", "messages"]
    for number, table in enumerate(names):
        code = logs.CODES[number % len(logs.CODES)]
        with logs.failing(on_postgres.owner_url, table, code, count):
            logs.handle_words(product, lead, person, browser)
            if is_whole or number == 0:
                logs.run_commands(product, count, logs.COMMANDS if is_whole else logs.COMMANDS[:1])
        if is_whole:
            logs.run_commands(product, count, logs.RESUME)
    for table in names if is_whole else names[:1]:
        with logs.missing(on_postgres.owner_url, table, count):
            logs.handle_words(product, lead, person, browser)
    until(lambda: product.api.get("/readyz").is_success, "the api is ready again")
    count.search("api", product.api_process.text())
    count.search("worker", product.worker.text())
    print(count)
    assert count.finds == []
    assert len(count.statements) >= len(names)
    assert {"api", "worker", "worker status"} <= count.output.keys()
