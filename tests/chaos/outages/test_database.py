"""PostgreSQL is stopped, restarted, or ends connections in mid-transaction."""

from tests.chaos.outages.catalogue import database
from tests.chaos.outages.postgres import OwnPostgres
from tests.chaos.outages.scenarios import Outage, run_outage
from tests.support.postgres_proxies import LossyProxy
from tests.support.running_product import RunningProduct
from tests.support.waiting import patience_seconds

Pair = tuple[RunningProduct, OwnPostgres]


def _named(postgres: OwnPostgres, name: str) -> Outage:
    (outage,) = [outage for outage in database(postgres) if name in outage.name]
    return outage


def test_without_postgresql_the_api_answers_503_and_loses_nothing(on_own_postgres: Pair) -> None:
    product, postgres = on_own_postgres
    worker, api = product.worker.pid, product.api_process.pid
    report = run_outage(product, _named(postgres, "stopped"), seconds=5)
    assert report.clean, report
    assert report.count.answers[503] > 0
    assert report.count.answers[500] == 0
    # Neither process had to be restarted.
    assert (product.worker.exit_code, product.api_process.exit_code) == (None, None)
    assert (product.worker.pid, product.api_process.pid) == (worker, api)


def test_without_postgresql_reads_answer_503_too(on_own_postgres: Pair) -> None:
    product, postgres = on_own_postgres
    postgres.stop()
    try:
        for path in ("/leads", "/leads/1", "/readyz"):
            answer = product.api.get(path)
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["retry-after"]) > 0
        assert product.api.get("/healthz").is_success
    finally:
        postgres.start()
    assert product.api.get("/leads").is_success


def test_restarts_in_mid_transaction(on_own_postgres: Pair) -> None:
    product, postgres = on_own_postgres
    report = run_outage(product, _named(postgres, "restarted"), seconds=2)
    assert report.clean, report
    assert report.count.answers[500] == 0


def test_connections_ended_in_mid_transaction(on_own_postgres: Pair) -> None:
    product, postgres = on_own_postgres
    report = run_outage(product, _named(postgres, "ends every"), seconds=2)
    assert report.clean, report
    assert report.count.answers[500] == 0


def test_lost_answers_to_commits(on_own_postgres: Pair) -> None:
    product, postgres = on_own_postgres
    proxy = LossyProxy(postgres.url)
    product.worker.stop()
    product.worker = product.start_worker(DATABASE_URL=proxy.url)
    product.worker.wait_for_log("ready as @")
    outage = Outage("lost answers to commits", lambda _: proxy.lose(every=2), lambda _: proxy.lose(every=0))
    try:
        report = run_outage(product, outage, seconds=3)
        assert report.clean, report
        assert proxy.lost > 5
        assert report.recovered < patience_seconds(20), report
        assert "Traceback" not in product.worker.text()
    finally:
        product.worker.stop()
        proxy.close()
        product.restart_worker()
