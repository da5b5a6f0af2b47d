"""People greeted and replies answered a second, what each takes, and what more workers bring."""

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from itertools import count, islice

from benchmarks import lead_crowd, running_product
from benchmarks.bench_parts import Bench
from benchmarks.database import rows
from benchmarks.figures import Figure, Ratio, at_least, at_most
from benchmarks.lead_crowd import Scene, Work
from benchmarks.postgres import Postgres, postgres
from benchmarks.processes import Process, migrate
from benchmarks.running_product import Sandbox, sandbox
from benchmarks.statements import Onlooker

CROWD = 1000
SLOW_CROWD = 600
SMALL_CROWD = 12
WORKERS = (1, 2, 4)
THINKING_SECONDS = 1.5

# Every worker has an account of its own: what an earlier one has said would be a human's word to it, whose
# database knows nothing of it.
_accounts = count(1)

UNCOUNTED = (
    "PostgreSQL's statements are not counted: it has no pg_stat_statements (apt-get install postgresql)"
)


class Rounds:
    """Everything that was measured, a list for each kind of run."""

    def __init__(self) -> None:
        self.greeted: dict[int, list[Work]] = {number: [] for number in WORKERS}
        self.answered: list[Work] = []
        self.slowly: list[Work] = []
        self.on_sqlite: list[Work] = []


async def measure(bench: Bench) -> Sequence[Figure]:
    """Everybody is due at once, and later everybody writes at once."""
    rounds = Rounds()
    async with AsyncExitStack() as stack:
        beside = await stack.enter_async_context(sandbox(bench.folder))
        server = await stack.enter_async_context(postgres()) if "postgresql" in bench.databases else None
        people = await lead_crowd.settle(beside, SMALL_CROWD if bench.smoke else CROWD)
        for number in range(bench.rounds):
            if server is not None:
                await _on_postgres(bench, server, beside, people, rounds)
            if "sqlite" in bench.databases:
                await _on_sqlite(bench, beside, people[:SLOW_CROWD], number, rounds)
            bench.say(f"conversations: round {number + 1} of {bench.rounds}")
        return [*_of_greetings(rounds, server), *_of_replies(rounds), *_of_others(rounds)]


async def _on_postgres(
    bench: Bench, server: Postgres, beside: Sandbox, people: Sequence[int], rounds: Rounds
) -> None:
    for number in WORKERS[:1] if bench.smoke else WORKERS:
        server.checkpoint()
        async with AsyncExitStack() as stack:
            scene = await _on_stage(stack, bench, server, beside, number)
            rounds.greeted[number].append(await lead_crowd.greet(scene, people))
            if number == 1:
                rounds.answered.append(await lead_crowd.answer(scene, people))
    if bench.smoke:
        return
    async with AsyncExitStack() as stack:
        scene = await _on_stage(stack, bench, server, beside, 1)
        await lead_crowd.think(beside, THINKING_SECONDS)
        stack.push_async_callback(lead_crowd.think, beside, 0)
        rounds.slowly.append(await lead_crowd.greet(scene, people[:SLOW_CROWD]))


async def _on_stage(
    stack: AsyncExitStack, bench: Bench, server: Postgres, beside: Sandbox, workers: int
) -> Scene:
    url = server.create()
    onlooker = stack.enter_context(Onlooker(url, counts=server.has_statements))
    processes = await _start(stack, bench, url, beside, workers)
    return Scene(processes, beside, onlooker.run, onlooker.number, server.cpu_seconds, onlooker)


async def _on_sqlite(
    bench: Bench, beside: Sandbox, people: Sequence[int], number: int, rounds: Rounds
) -> None:
    url = f"sqlite:///{bench.folder / f'conversations-{number}.db'}"
    migrate(url)
    async with AsyncExitStack() as stack:
        processes = await _start(stack, bench, url, beside, 1)
        scene = Scene(
            processes,
            beside,
            lambda statement: _do(url, statement),
            lambda query: float(rows(url, query)[0][0]),
        )
        rounds.on_sqlite.append(await lead_crowd.greet(scene, people))


def _do(url: str, statement: str) -> None:
    rows(url, statement)


async def _start(
    stack: AsyncExitStack, bench: Bench, url: str, beside: Sandbox, number: int
) -> Sequence[Process]:
    settings = {"REPLY_DEBOUNCE_SECONDS": "0", "POLL_INTERVAL_SECONDS": "1"}
    workers = []
    for account in islice(_accounts, number):
        name = f"account{account}"
        await running_product.sign_in(bench.folder, beside, name, f"+7998{account:07d}")
        working = running_product.worker(bench.folder, url, beside, TELEGRAM_SESSION_NAME=name, **settings)
        workers.append(await stack.enter_async_context(working))
    return workers


def _of_greetings(rounds: Rounds, server: Postgres | None) -> Sequence[Figure]:
    if server is None:
        return []
    one = rounds.greeted[1]
    how = (
        f"{one[0].done} leads due at once, nine of ten by username, the others by phone; a model without"
        f" latency; PostgreSQL {server.version}. Worker, sandbox and database share the machine's processors"
    )
    figures = [Figure("greeted, one worker", "/s", [work.rate for work in one], at_least(150), note=how)]
    if slow := rounds.slowly:
        name = f"greeted, one worker, the model takes {THINKING_SECONDS:g} s"
        told = f"{slow[0].done} leads; LEADS_IN_HAND is at its default"
        figures.append(Figure(name, "/s", [work.rate for work in slow], at_least(50), note=told))
    for number, works in rounds.greeted.items():
        if number > 1 and works:
            name, ratio = f"greeted, {number} workers and accounts", Ratio("greeted, one worker")
            figures.append(Figure(name, "/s", [work.rate for work in works], ratios=[ratio]))
            figures.append(_cpu_of_workers(f"a greeting, {number} workers", works))
    return [*figures, *_cost("a greeting", one, at_most_statements=8)]


def _of_replies(rounds: Rounds) -> Sequence[Figure]:
    if not rounds.answered:
        return []
    rates = [work.rate for work in rounds.answered]
    how = "everybody asks one question at the same moment; REPLY_DEBOUNCE_SECONDS is 0"
    return [Figure("replies answered, one worker", "/s", rates, note=how), *_cost("a reply", rounds.answered)]


def _of_others(rounds: Rounds) -> Sequence[Figure]:
    if not rounds.on_sqlite:
        return []
    return [
        Figure("SQLite: greeted, one worker", "/s", [work.rate for work in rounds.on_sqlite]),
        _cpu_of_workers("a greeting, SQLite", rounds.on_sqlite),
    ]


def _cpu_of_workers(what: str, works: Sequence[Work]) -> Figure:
    return Figure(f"processor time of {what}", "ms", [1000 * work.workers / work.done for work in works])


def _cost(what: str, works: Sequence[Work], at_most_statements: float | None = None) -> Sequence[Figure]:
    """What one of them takes: of the worker, of the sandbox and of the database."""

    def share(part: str, of: Callable[[Work], float]) -> Figure:
        spent = [1000 * of(work) / work.done for work in works]
        busy = max(of(work) / work.seconds for work in works)
        return Figure(f"{what}: processor time of the {part}", "ms", spent, note=f"busy {100 * busy:.0f} %")

    figures = [
        share("worker", lambda work: work.workers),
        share("sandbox", lambda work: work.sandbox),
        share("database", lambda work: work.database),
    ]
    counted = [(work.statements, work.done) for work in works if work.statements]
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
            note="BEGIN, COMMIT and ROLLBACK are among them",
        ),
    ]
