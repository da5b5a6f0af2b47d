"""Leads greeted and replies answered per second, their CPU time, and the gain from more workers."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from itertools import count, islice

from benchmarks.harness import running_product
from benchmarks.harness.bench import Bench
from benchmarks.harness.database import run_sql
from benchmarks.harness.postgres import Postgres, postgres
from benchmarks.harness.processes import Process
from benchmarks.harness.running_product import Sandbox, sandbox
from benchmarks.harness.statements import StatementCounter
from benchmarks.reporting.figures import Figure, Ratio, at_least, at_most
from benchmarks.workloads import lead_crowd
from benchmarks.workloads.lead_crowd import BatchResult, WorkerSetup
from sandbox.demo.product_processes import migrate

LEADS = 1000
SLOW_LEADS = 600
SMOKE_LEADS = 12
WORKERS = (1, 2, 4)
MODEL_LATENCY_SECONDS = 1.5

# Each worker gets a new account: messages of an earlier run are not in its database, so it would take them
# for a human's.
_accounts = count(1)

UNCOUNTED = (
    "statements are not counted: this PostgreSQL has no pg_stat_statements (apt-get install postgresql)"
)


class Rounds:
    """The results of all rounds, one list per kind of run."""

    def __init__(self) -> None:
        self.greeted: dict[int, list[BatchResult]] = {number: [] for number in WORKERS}
        self.answered: list[BatchResult] = []
        self.with_latency: list[BatchResult] = []
        self.on_sqlite: list[BatchResult] = []


async def measure(bench: Bench) -> Sequence[Figure]:
    """All leads are due at the same moment; later all people write at the same moment."""
    rounds = Rounds()
    async with AsyncExitStack() as stack:
        running_sandbox = await stack.enter_async_context(sandbox(bench.folder))
        server = await stack.enter_async_context(postgres()) if "postgresql" in bench.databases else None
        people = await lead_crowd.create_people(running_sandbox, SMOKE_LEADS if bench.smoke else LEADS)
        for number in range(bench.rounds):
            if server is not None:
                await _on_postgres(bench, server, running_sandbox, people, rounds)
            if "sqlite" in bench.databases:
                await _on_sqlite(bench, running_sandbox, people[:SLOW_LEADS], number, rounds)
            bench.log(f"conversations: round {number + 1} of {bench.rounds}")
        return [*_greeting_figures(rounds, server), *_reply_figures(rounds), *_sqlite_figures(rounds)]


async def _on_postgres(
    bench: Bench, server: Postgres, running_sandbox: Sandbox, people: Sequence[int], rounds: Rounds
) -> None:
    for number in WORKERS[:1] if bench.smoke else WORKERS:
        server.checkpoint()
        async with AsyncExitStack() as stack:
            setup = await _set_up(stack, bench, server, running_sandbox, number)
            rounds.greeted[number].append(await lead_crowd.measure_greetings(setup, people))
            if number == 1:
                rounds.answered.append(await lead_crowd.measure_answers(setup, people))
    if bench.smoke:
        return
    async with AsyncExitStack() as stack:
        setup = await _set_up(stack, bench, server, running_sandbox, 1)
        await lead_crowd.set_model_latency(running_sandbox, MODEL_LATENCY_SECONDS)
        stack.push_async_callback(lead_crowd.set_model_latency, running_sandbox, 0)
        rounds.with_latency.append(await lead_crowd.measure_greetings(setup, people[:SLOW_LEADS]))


async def _set_up(
    stack: AsyncExitStack, bench: Bench, server: Postgres, running_sandbox: Sandbox, workers: int
) -> WorkerSetup:
    url = server.create()
    counter = stack.enter_context(StatementCounter(url, counts=server.has_statements))
    processes = await _start(stack, bench, url, running_sandbox, workers)
    return WorkerSetup(processes, running_sandbox, counter.run, counter.number, server.cpu_seconds, counter)


async def _on_sqlite(
    bench: Bench, running_sandbox: Sandbox, people: Sequence[int], number: int, rounds: Rounds
) -> None:
    url = f"sqlite:///{bench.folder / f'conversations-{number}.db'}"
    migrate(url)
    async with AsyncExitStack() as stack:
        processes = await _start(stack, bench, url, running_sandbox, 1)
        setup = WorkerSetup(
            processes,
            running_sandbox,
            lambda statement: _do(url, statement),
            lambda query: float(run_sql(url, query)[0][0]),
        )
        rounds.on_sqlite.append(await lead_crowd.measure_greetings(setup, people))


def _do(url: str, statement: str) -> None:
    run_sql(url, statement)


async def _start(
    stack: AsyncExitStack, bench: Bench, url: str, running_sandbox: Sandbox, number: int
) -> Sequence[Process]:
    settings = {"REPLY_DEBOUNCE_SECONDS": "0", "POLL_INTERVAL_SECONDS": "1"}
    workers = []
    for account in islice(_accounts, number):
        name = f"account{account}"
        await running_product.sign_in(bench.folder, running_sandbox, name, f"+7998{account:07d}")
        working = running_product.worker(
            bench.folder, url, running_sandbox, TELEGRAM_SESSION_NAME=name, **settings
        )
        workers.append(await stack.enter_async_context(working))
    return workers


def _greeting_figures(rounds: Rounds, server: Postgres | None) -> Sequence[Figure]:
    if server is None:
        return []
    one = rounds.greeted[1]
    how = (
        f"{one[0].done} leads due at once, nine of ten by username, the others by phone; a model without"
        f" latency; PostgreSQL {server.version}. Worker, sandbox and database share the machine's CPUs"
    )
    figures = [Figure("greeted, one worker", "/s", [result.rate for result in one], at_least(150), note=how)]
    if slow := rounds.with_latency:
        name = f"greeted, one worker, the model takes {MODEL_LATENCY_SECONDS:g} s"
        told = f"{slow[0].done} leads; LEADS_IN_HAND is at its default"
        figures.append(Figure(name, "/s", [result.rate for result in slow], at_least(50), note=told))
    for number, results in rounds.greeted.items():
        if number > 1 and results:
            name, ratio = f"greeted, {number} workers and accounts", Ratio("greeted, one worker")
            figures.append(Figure(name, "/s", [result.rate for result in results], ratios=[ratio]))
            figures.append(_cpu_of_workers(f"a greeting, {number} workers", results))
    return [*figures, *_cost("a greeting", one, at_most_statements=8)]


def _reply_figures(rounds: Rounds) -> Sequence[Figure]:
    if not rounds.answered:
        return []
    rates = [result.rate for result in rounds.answered]
    how = "all people ask one question at the same moment; REPLY_DEBOUNCE_SECONDS is 0"
    return [Figure("replies answered, one worker", "/s", rates, note=how), *_cost("a reply", rounds.answered)]


def _sqlite_figures(rounds: Rounds) -> Sequence[Figure]:
    if not rounds.on_sqlite:
        return []
    return [
        Figure("SQLite: greeted, one worker", "/s", [result.rate for result in rounds.on_sqlite]),
        _cpu_of_workers("a greeting, SQLite", rounds.on_sqlite),
    ]


def _cpu_of_workers(what: str, results: Sequence[BatchResult]) -> Figure:
    return Figure(
        f"processor time of {what}", "ms", [1000 * result.worker_cpu / result.done for result in results]
    )


def _cost(
    what: str, results: Sequence[BatchResult], at_most_statements: float | None = None
) -> Sequence[Figure]:
    """Return the CPU time and the statements per lead: of the worker, the sandbox and the database."""

    def share(part: str, of: Callable[[BatchResult], float]) -> Figure:
        spent = [1000 * of(result) / result.done for result in results]
        busy = max(of(result) / result.seconds for result in results)
        return Figure(f"{what}: processor time of the {part}", "ms", spent, note=f"busy {100 * busy:.0f} %")

    figures = [
        share("worker", lambda result: result.worker_cpu),
        share("sandbox", lambda result: result.sandbox_cpu),
        share("database", lambda result: result.database_cpu),
    ]
    counted = [(result.statements, result.done) for result in results if result.statements]
    if not counted:
        return [*figures[:-1], Figure(figures[-1].name, "ms", figures[-1].samples, note=UNCOUNTED)]
    target = at_most(at_most_statements) if at_most_statements else None
    others = [statements.others / done for statements, done in counted]
    trips = [statements.round_trips / done for statements, done in counted]
    return [
        *figures,
        Figure(f"{what}: statements", "", others, target),
        Figure(
            f"{what}: round trips to the database",
            "",
            trips,
            note="BEGIN, COMMIT and ROLLBACK included",
        ),
    ]
