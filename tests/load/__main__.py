"""`python -m tests.load --rate 300 --seconds 30 --restart`: measures a flow of submissions."""

import argparse
import asyncio
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil
import psycopg

from sandbox.demo.product_processes import free_port
from tests.chaos.outages.postgres import OwnPostgres
from tests.load.flow import Flow, Tally
from tests.support.processes import Process
from tests.support.waiting import patience_seconds, until

RESTARTS = 3
# Interrupted deliveries are reprocessed once no other process can still be working on them.
SWEEP_SECONDS = 120


@dataclass(frozen=True)
class Stored:
    """The contents of the database afterwards."""

    leads: int
    deliveries: dict[str, int]
    lost: int
    half: int
    twice: int
    cpu: float

    @property
    def clean(self) -> bool:
        """True if every answered lead is stored completely, and once."""
        return not (self.lost or self.half or self.twice)


async def measure(rate: float, seconds: float, *, restart: bool, folder: Path) -> tuple[Tally, Stored]:
    """Run an api on its own PostgreSQL, send submissions, and count the answers and the stored leads."""
    postgres = OwnPostgres()
    port = free_port()
    settings = {"DATABASE_URL": postgres.url, "API_PORT": str(port), "RATE_LIMIT_PER_MINUTE": "0"}
    api = Process("api", folder, settings)
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: _is_ready(address), "the api is ready")
        flow = Flow(address, rate)
        async with asyncio.TaskGroup() as group:
            group.create_task(flow.run(seconds))
            for _ in range(RESTARTS if restart else 0):
                await asyncio.sleep(seconds / (RESTARTS + 1))
                await asyncio.to_thread(postgres.restart)
        cpu = sum(psutil.Process(api.pid).cpu_times()[:2])
        until(lambda: _unfinished(postgres.url) == 0, "every delivery is finished", SWEEP_SECONDS)
        return flow.tally, _count(postgres.url, flow.tally, cpu)
    finally:
        api.stop()
        postgres.close()


def _is_ready(address: str) -> bool:
    with suppress(httpx2.HTTPError):
        return httpx2.get(f"{address}/readyz", timeout=patience_seconds()).is_success
    return False


def _unfinished(url: str) -> int:
    with psycopg.connect(url) as connection:
        query = "SELECT count(*) FROM webhook_deliveries WHERE outcome = 'received'"
        return int((connection.execute(query).fetchone() or (0,))[0])


def _count(url: str, tally: Tally, cpu: float) -> Stored:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT id, extra ->> 'comment' FROM leads").fetchall()
        outcomes = connection.execute(
            "SELECT outcome, count(*) FROM webhook_deliveries GROUP BY 1"
        ).fetchall()
        half = connection.execute(
            "SELECT (SELECT count(*) FROM leads l WHERE NOT EXISTS"
            " (SELECT FROM webhook_deliveries d WHERE d.lead_id = l.id AND d.outcome = 'stored')"
            " OR NOT EXISTS (SELECT FROM lead_events e WHERE e.lead_id = l.id))"
            " + (SELECT count(*) FROM webhook_deliveries WHERE lead_id IS NULL)"
        ).fetchone() or (0,)
    found = {comment: lead for lead, comment in rows}
    lost = sum(found.get(key) != lead for key, lead in tally.leads.items())
    return Stored(len(rows), dict(sorted(outcomes)), lost, int(half[0]), len(rows) - len(found), cpu)


def main() -> int:
    """Return 0 if nothing was lost, stored twice or stored partly; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--rate", type=float, default=300, help="submissions per second (%(default)s)")
    parser.add_argument("--seconds", type=float, default=30, help="duration (%(default)s)")
    parser.add_argument(
        "--restart", action="store_true", help=f"restart PostgreSQL {RESTARTS} times meanwhile"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="load-") as folder:
        tally, stored = asyncio.run(
            measure(options.rate, options.seconds, restart=options.restart, folder=Path(folder))
        )
    kinds = dict(sorted(tally.answers.items()))
    print(f"sent {tally.sent}, answered {kinds}, errors {dict(tally.errors)}")
    times = (tally.quantile(part) for part in (0.5, 0.99, 1))
    print("p50 {:.0f} ms, p99 {:.0f} ms, max {:.0f} ms".format(*times))
    busy = 1000 * stored.cpu / max(1, sum(stored.deliveries.values()))
    print(f"processor time of the api {busy:.1f} ms per delivery, including its start")
    print(f"leads stored {stored.leads}, deliveries {stored.deliveries}")
    print(f"lost {stored.lost}, half-stored {stored.half}, stored twice {stored.twice}")
    return 0 if stored.clean else 1


if __name__ == "__main__":
    sys.exit(main())
