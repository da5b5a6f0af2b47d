"""PostgreSQL gone, restarted, or cutting off what is under way."""

from tests.chaos.outages.catalogue import database
from tests.chaos.outages.lossy_proxy import LossyWire
from tests.chaos.outages.postgres import OwnPostgres
from tests.chaos.outages.scenarios import Outage, go_through
from tests.support.running_product import RunningProduct

Pair = tuple[RunningProduct, OwnPostgres]


def _named(postgres: OwnPostgres, name: str) -> Outage:
    (outage,) = [outage for outage in database(postgres) if name in outage.name]
    return outage


def test_while_postgresql_is_gone_callers_are_told_to_come_back(on_own_postgres: Pair) -> None:
    house, postgres = on_own_postgres
    worker, api = house.worker.pid, house.api_process.pid
    report = go_through(house, _named(postgres, "stopped"), seconds=5)
    assert report.clean, report
    assert report.count.answers[503] > 0
    assert report.count.answers[500] == 0
    # Neither had to be started anew.
    assert (house.worker.exit_code, house.api_process.exit_code) == (None, None)
    assert (house.worker.pid, house.api_process.pid) == (worker, api)


def test_reading_says_503_too_while_postgresql_is_gone(on_own_postgres: Pair) -> None:
    house, postgres = on_own_postgres
    postgres.stop()
    try:
        for path in ("/leads", "/leads/1", "/readyz"):
            answer = house.api.get(path)
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) > 0
        assert house.api.get("/healthz").is_success
    finally:
        postgres.start()
    assert house.api.get("/leads").is_success


def test_restarts_in_mid_transaction(on_own_postgres: Pair) -> None:
    house, postgres = on_own_postgres
    report = go_through(house, _named(postgres, "restarted"), seconds=2)
    assert report.clean, report
    assert report.count.answers[500] == 0


def test_connections_ended_in_mid_transaction(on_own_postgres: Pair) -> None:
    house, postgres = on_own_postgres
    report = go_through(house, _named(postgres, "ends every"), seconds=2)
    assert report.clean, report
    assert report.count.answers[500] == 0


def test_commits_that_nobody_is_told_of(on_own_postgres: Pair) -> None:
    house, postgres = on_own_postgres
    wire = LossyWire(postgres.url)
    house.worker.stop()
    house.worker = house.start_worker(DATABASE_URL=wire.url)
    house.worker.says("ready as @")
    outage = Outage("lost answers to commits", lambda _: wire.lose(every=2), lambda _: wire.lose(every=0))
    try:
        report = go_through(house, outage, seconds=3)
        assert report.clean, report
        assert wire.lost > 5
        assert report.recovered < 20, report
        assert "Traceback" not in house.worker.text()
    finally:
        house.worker.stop()
        wire.close()
        house.worker = house.start_worker()
        house.worker.says("ready as @")
