"""Time until the worker claims a new lead, and from the end of the debounce to the answer."""

import asyncio
import random
from collections.abc import Callable, Sequence
from statistics import quantiles
from typing import Any

import httpx2

from benchmarks.harness.bench import Bench, BenchError, DatabaseKind
from benchmarks.harness.database import open_connection, run_sql
from benchmarks.harness.postgres import postgres
from benchmarks.harness.processes import api
from benchmarks.harness.running_product import Sandbox, sandbox, worker
from benchmarks.reporting.figures import Figure, Target, at_most
from sandbox.demo.product_processes import migrate

LEADS = {"postgresql": 50, "sqlite": 10}
POLL_SECONDS = 1.0
DEBOUNCE_SECONDS = 0.3
TIMEOUT_SECONDS = 60
# The first check comes after this pause: a check costs CPU time, which the waking worker needs.
CHECK_SECONDS = 0.1

# A trigger records the first claim of each lead, in the transaction of the claim.
_WATCH = {
    "postgresql": (
        "CREATE TABLE bench_claims (lead_id bigint PRIMARY KEY)",
        "CREATE FUNCTION bench_claimed() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO bench_claims VALUES (NEW.id) ON CONFLICT DO NOTHING; RETURN NULL; END $$",
        "CREATE TRIGGER bench_claimed AFTER UPDATE OF leased_by ON leads FOR EACH ROW"
        " WHEN (OLD.leased_by IS NULL AND NEW.leased_by IS NOT NULL) EXECUTE FUNCTION bench_claimed()",
    ),
    "sqlite": (
        "CREATE TABLE bench_claims (lead_id INTEGER PRIMARY KEY, at REAL)",
        "CREATE TRIGGER bench_claimed AFTER UPDATE OF leased_by ON leads"
        " WHEN OLD.leased_by IS NULL AND NEW.leased_by IS NOT NULL"
        " BEGIN INSERT OR IGNORE INTO bench_claims VALUES (NEW.id, julianday('now')); END",
    ),
}
_CLAIMS = {
    "postgresql": "SELECT 1000 * extract(epoch FROM pg_xact_commit_timestamp(c.xmin)"
    " - pg_xact_commit_timestamp(e.xmin)) FROM bench_claims c"
    " JOIN lead_events e ON e.lead_id = c.lead_id AND e.from_status IS NULL",
    "sqlite": "SELECT 86400000 * (c.at - julianday(l.created_at)) FROM bench_claims c"
    " JOIN leads l ON l.id = c.lead_id",
}
_ANSWERS = {
    "postgresql": "SELECT 1000 * extract(epoch FROM o.sent_at - i.created_at)",
    "sqlite": "SELECT 86400000 * (julianday(o.sent_at) - julianday(i.created_at))",
}
_OF_REPLIES = (
    " FROM messages i JOIN messages o ON o.lead_id = i.lead_id AND o.id > i.id"
    " WHERE i.direction = 'in' AND o.direction = 'out' AND o.state = 'sent'"
)
_HOW = {
    "postgresql": "from the commit of the lead to the commit of its first claim, as PostgreSQL dates them",
    "sqlite": f"from the lead's created_at to its claim; POLL_INTERVAL_SECONDS is {POLL_SECONDS:g}",
}


async def measure(bench: Bench) -> Sequence[Figure]:
    """Creates one lead after the other, so that each wakes a waiting worker."""
    figures: list[Figure] = []
    for kind in bench.databases:
        if kind == "postgresql":
            async with postgres(track_commit_timestamp="on") as server:
                figures += await _on(bench, kind, [server.create() for _ in range(bench.rounds)])
        else:
            urls = [f"sqlite:///{bench.folder / f'wakeups-{number}'}.db" for number in range(bench.rounds)]
            for url in urls:
                migrate(url)
            figures += await _on(bench, kind, urls)
    return figures


async def _on(bench: Bench, kind: DatabaseKind, urls: Sequence[str]) -> Sequence[Figure]:
    claims: list[Sequence[float]] = []
    answers: list[Sequence[float]] = []
    for number, url in enumerate(urls):
        run_sql(url, *_WATCH[kind])
        leads = 3 if bench.smoke else LEADS[kind]
        folder = bench.folder / f"wakeups-{kind}-{number}"
        folder.mkdir()
        settings = {
            "POLL_INTERVAL_SECONDS": str(POLL_SECONDS if kind == "sqlite" else 5),
            "REPLY_DEBOUNCE_SECONDS": str(DEBOUNCE_SECONDS),
        }
        async with (
            sandbox(folder) as running_sandbox,
            api(folder, url) as (_, address),
            worker(folder, url, running_sandbox, **settings),
        ):
            await _converse(url, address, running_sandbox, leads, chance=random.Random(number))  # noqa: S311
        claims.append([float(took) for (took,) in run_sql(url, _CLAIMS[kind])])
        silent = 1000 * DEBOUNCE_SECONDS
        answers.append([float(took) - silent for (took,) in run_sql(url, _ANSWERS[kind] + _OF_REPLIES)])
        if len(claims[-1]) != leads or len(answers[-1]) != leads:
            raise BenchError(f"of {leads} leads {len(claims[-1])} were claimed, {len(answers[-1])} answered")
        bench.log(f"wakeups, {kind}: round {number + 1} of {len(urls)}")
    name = "" if kind == "postgresql" else "SQLite: "
    p50, p99 = (at_most(5), at_most(25)) if name == "" else (at_most(1000 * POLL_SECONDS), None)
    return [
        *_quantiles(f"{name}lead to claim", claims, p50, p99, _HOW[kind]),
        *_quantiles(
            f"{name}end of the debounce to the answer",
            answers,
            at_most(30) if name == "" else None,
            None,
            "from the reply's created_at plus REPLY_DEBOUNCE_SECONDS to the sent_at of the answer;"
            " a model without latency",
        ),
    ]


def _quantiles(
    name: str, rounds: Sequence[Sequence[float]], p50: Target | None, p99: Target | None, note: str
) -> Sequence[Figure]:
    cuts = [quantiles(one, n=100, method="inclusive") for one in rounds]
    return [
        Figure(f"{name}, p50", "ms", [cut[49] for cut in cuts], p50, note=note),
        Figure(f"{name}, p99", "ms", [cut[98] for cut in cuts], p99),
    ]


async def _converse(
    url: str, address: str, running_sandbox: Sandbox, leads: int, chance: random.Random
) -> None:
    """Create the leads; each is greeted and asks one question before the next one is created."""
    with open_connection(url) as run:
        async with httpx2.AsyncClient(timeout=20) as client:
            for number in range(leads):
                # A random pause, so that the leads are not in step with the poll.
                await asyncio.sleep(chance.uniform(0, POLL_SECONDS if url.startswith("sqlite") else 0.05))
                name = f"bench_{number}_x"
                person = await client.post(
                    f"{running_sandbox.control}/people",
                    json={"name": "Анна", "username": name, "phone": f"7916{number:07d}"},
                )
                lead = await client.post(f"{address}/leads", json={"name": "Анна", "username": name})
                await _until_sent(run, lead.raise_for_status().json()["id"], 1)
                said = {"texts": ["Сколько стоит сайт?"]}
                written = await client.post(
                    f"{running_sandbox.control}/people/{person.raise_for_status().json()['id']}/messages",
                    json=said,
                )
                written.raise_for_status()
                await _until_sent(run, lead.json()["id"], 2)


async def _until_sent(run: Callable[..., Sequence[Any]], lead_id: int, messages: int) -> None:
    query = (
        f"SELECT count(*) FROM messages WHERE lead_id = {int(lead_id)}"
        " AND direction = 'out' AND state = 'sent'"
    )
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if (await asyncio.to_thread(run, query))[0][0] >= messages:
                return
