"""What the intake takes, against what the database can do, and against how it is commonly written."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks.bench_parts import Bench, DatabaseKind
from benchmarks.figures import Figure, Ratio, at_least, at_most
from benchmarks.load import Kind, Load, generator, pgbench, saturate, steady
from benchmarks.pgbench import TRANSACTIONS, script
from benchmarks.postgres import Postgres, postgres
from benchmarks.processes import Process, api, free_port, migrate, ready, running
from benchmarks.row_counts import check, settled

DOORS: Sequence[tuple[str, str, Kind]] = (
    ("POST /leads", "/leads", "json"),
    ("Tilda webhook", "/leads/webhooks/tilda", "form"),
)
CONNECTIONS = (1, 16, 64)
# Where the targets hold, and whose half is the steady load.
USUAL = 16
WARM_UP_SECONDS = 1
OURS, BASELINE, LIMIT = "ours", "SQLModel", "pgbench"


@dataclass(frozen=True)
class System:
    """Something that takes leads: what is asked over HTTP, or pgbench; and its rows."""

    name: str
    url: str
    process: Process | None = None
    address: str = ""


@dataclass(frozen=True)
class Taken:
    """One measurement: the load, and the processor time an answer took, in milliseconds."""

    load: Load
    process_ms: float = 0
    database_ms: float = 0


Key = tuple[str, int, str]


async def measure(bench: Bench) -> Sequence[Figure]:
    """Every system in turn within a round, and the other way round in the next."""
    figures: list[Figure] = []
    for kind in bench.databases:
        figures += await _on(bench, kind)
    return figures


async def _on(bench: Bench, database: DatabaseKind) -> Sequence[Figure]:
    async with AsyncExitStack() as stack:
        server = (
            await stack.enter_async_context(postgres(max_connections="200"))
            if database == "postgresql"
            else None
        )
        systems = [await _ours(bench, stack, server), await _baseline(bench, stack, server)]
        if server:
            systems.append(System(LIMIT, server.create()))
        run = Intake(bench, database, server, systems)
        await run.rounds()
        return run.figures()


async def _ours(bench: Bench, stack: AsyncExitStack, server: Postgres | None) -> System:
    url = _database(bench, server, OURS)
    process, address = await stack.enter_async_context(api(bench.folder, url))
    return System(OURS, url, process, address)


async def _baseline(bench: Bench, stack: AsyncExitStack, server: Postgres | None) -> System:
    url, port = _database(bench, server, BASELINE), free_port()
    command = ("-m", "uvicorn", "benchmarks.baseline:app", "--port", str(port), "--log-level", "warning")
    process = await stack.enter_async_context(
        running("baseline", bench.folder, {"DATABASE_URL": url}, *command)
    )
    address = f"http://127.0.0.1:{port}"
    await ready(process, address, "/docs")
    return System(BASELINE, url, process, address)


def _database(bench: Bench, server: Postgres | None, name: str) -> str:
    if server:
        return server.create()
    url = f"sqlite:///{bench.folder / name}.db"
    migrate(url)
    return url


class Intake:
    """The measurements on one database."""

    def __init__(
        self, bench: Bench, database: DatabaseKind, server: Postgres | None, systems: Sequence[System]
    ) -> None:
        self._bench = bench
        self._database = database
        self._server = server
        self._systems = systems
        self._taken: dict[Key, list[Taken]] = defaultdict(list)
        self._steady: dict[str, list[Load]] = defaultdict(list)
        self._memory: list[float] = []

    @property
    def _connections(self) -> Sequence[int]:
        # SQLite has one writer, however many connections there are.
        return CONNECTIONS if self._server and not self._bench.smoke else (USUAL,)

    async def rounds(self) -> None:
        """All of them, after a first load that does not count."""
        if not self._bench.smoke:
            for door in DOORS:
                for system in self._systems:
                    await self._take(system, door, USUAL, WARM_UP_SECONDS)
        for number in range(self._bench.rounds):
            for door in DOORS:
                for connections in self._connections:
                    for system in self._systems[:: -1 if number % 2 else 1]:
                        taken = await self._take(system, door, connections, self._bench.seconds)
                        self._taken[door[0], connections, system.name].append(taken)
                await self._half(door)
            self._memory.append(self._systems[0].process.rss_mib() if self._systems[0].process else 0)
            self._bench.say(f"intake, {self._database}: round {number + 1} of {self._bench.rounds}")

    async def _take(
        self, system: System, door: tuple[str, str, Kind], connections: int, seconds: float
    ) -> Taken:
        name, path, kind = door
        if self._server:
            await asyncio.to_thread(self._server.checkpoint)
        before = await settled(system.url)
        cpu = self._cpu(system)
        if system.process:
            load = await saturate(system.address, path, kind, connections, seconds)
        else:
            assert self._server is not None  # noqa: S101 - pgbench is there for PostgreSQL alone
            load = await pgbench(
                self._server, system.url, script(self._bench.folder, kind), connections, seconds
            )
        cpu_after = self._cpu(system)
        stored = await settled(system.url)
        check(f"{name}, {system.name}", load, kind, before, stored, repeats=system.name == OURS)
        used = [1000 * (now - then) / load.answered for now, then in zip(cpu_after, cpu, strict=True)]
        told = f"{name}, {connections} connections, {system.name}: {load.rate:.0f}/s"
        self._bench.say(f"intake, {self._database}: {told}")
        return Taken(load, *used)

    async def _half(self, door: tuple[str, str, Kind]) -> None:
        """Half of what ours took in this round, steadily."""
        name, path, kind = door
        ours = self._systems[0]
        rate = self._taken[name, USUAL, OURS][-1].load.rate / 2
        before = await settled(ours.url)
        load = await steady(
            ours.address, path, kind, rate=rate, connections=4 * USUAL, seconds=self._bench.seconds
        )
        check(f"{name}, half the load", load, kind, before, await settled(ours.url), repeats=True)
        self._steady[name].append(load)

    def _cpu(self, system: System) -> tuple[float, float]:
        process = system.process.cpu_seconds() if system.process else 0.0
        return process, self._server.cpu_seconds() if self._server else 0.0

    def figures(self) -> Sequence[Figure]:
        """What it comes to."""
        found: list[Figure] = []
        for name, _, _ in DOORS:
            for connections in self._connections:
                found += self._rates(name, connections)
            found += self._at_half(name)
        limit = at_most(90) if self._server else None
        found.append(Figure(self._named("memory of the api under load"), "MiB", self._memory, limit))
        return found

    def _rates(self, door: str, connections: int) -> Sequence[Figure]:
        has_target = connections == USUAL and self._server is not None
        base = self._named(f"{door}, {connections} connections")
        ratios = [Ratio(f"{base}, {BASELINE}", at_least(8) if has_target else None)]
        if self._server:
            ratios.insert(0, Ratio(f"{base}, {LIMIT}", at_least(0.25) if has_target else None))
        ours = self._taken[door, connections, OURS]
        figures = [
            self._figure(
                f"{base}, {system.name}", "/s", door, connections, system.name, lambda one: one.load.rate
            )
            for system in self._systems[:0:-1]
        ]
        cost = median(1000 * one.load.cpu_seconds / one.load.answered for one in ours)
        figures.append(
            Figure(
                base,
                "/s",
                [one.load.rate for one in ours],
                ratios=ratios,
                note=f"load by {generator()}, {cost:.2f} ms of a processor a request" if has_target else "",
            )
        )
        of: Sequence[tuple[str, Callable[[Taken], float]]] = (
            ("p50", lambda one: one.load.p50),
            ("p99", lambda one: one.load.p99),
            ("processor time of the api a request", lambda one: one.process_ms),
            ("processor time of PostgreSQL a request", lambda one: one.database_ms),
        )
        for what, value in of if self._server else of[:3]:
            figures.append(self._figure(f"{base}, {what}", "ms", door, connections, OURS, value))
        if connections == USUAL:
            figures.append(
                self._figure(
                    f"{base}, {BASELINE}, processor time of it a request",
                    *("ms", door, connections, BASELINE),
                    lambda one: one.process_ms,
                )
            )
        return figures

    def _figure(
        self, name: str, unit: str, door: str, connections: int, system: str, value: Callable[[Taken], float]
    ) -> Figure:
        note = TRANSACTIONS[door] if system == LIMIT and connections == USUAL else ""
        return Figure(name, unit, [value(one) for one in self._taken[door, connections, system]], note=note)

    def _at_half(self, door: str) -> Sequence[Figure]:
        loads = self._steady[door]
        rate = median(one.rate for one in loads)
        base = self._named(f"{door}, at half of that, steadily")
        cost = median(1000 * one.cpu_seconds / one.answered for one in loads)
        return [
            Figure(f"{base}, p50", "ms", [one.p50 for one in loads]),
            Figure(
                f"{base}, p99",
                "ms",
                [one.p99 for one in loads],
                at_most(15) if self._server else None,
                note=f"by benchmarks/client.py at {rate:.0f}/s, from the moment each"
                f" was due; its own {cost:.2f} ms of a processor a request included",
            ),
        ]

    def _named(self, what: str) -> str:
        return what if self._server else f"SQLite: {what}"
