"""Rate and latency of the intake, compared with the database's limit (pgbench) and with the baseline app."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median

from benchmarks.baselines.pgbench import TRANSACTIONS, script
from benchmarks.harness.bench import Bench, DatabaseKind
from benchmarks.harness.postgres import Postgres, postgres
from benchmarks.harness.processes import Process, api, running
from benchmarks.reporting.figures import Figure, Ratio, at_least, at_most
from benchmarks.workloads.load import Kind, Load, load_generator, pgbench, saturate, steady
from benchmarks.workloads.row_counts import check_stored, wait_until_stored
from sandbox.demo.product_processes import free_port, migrate

ENDPOINTS: Sequence[tuple[str, str, Kind]] = (
    ("POST /leads", "/leads", "json"),
    ("Tilda webhook", "/leads/webhooks/tilda", "form"),
)
CONNECTIONS = (1, 16, 64)
# The targets apply to this number of connections; the steady load is half of its rate.
DEFAULT_CONNECTIONS = 16
WARM_UP_SECONDS = 1
PRODUCT, BASELINE, LIMIT = "ours", "SQLModel", "pgbench"


@dataclass(frozen=True)
class System:
    """A system that stores leads: an HTTP server, or pgbench; `url` is its database."""

    name: str
    url: str
    process: Process | None = None
    address: str = ""


@dataclass(frozen=True)
class Measurement:
    """One measurement: the load, and the CPU time per answer in milliseconds."""

    load: Load
    process_ms: float = 0
    database_ms: float = 0


Key = tuple[str, int, str]


async def measure(bench: Bench) -> Sequence[Figure]:
    """Measures every system once per round; odd rounds go in reverse order."""
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
        systems = [await _start_product(bench, stack, server), await _start_baseline(bench, stack, server)]
        if server:
            systems.append(System(LIMIT, server.create()))
        run = Intake(bench, database, server, systems)
        await run.rounds()
        return run.figures()


async def _start_product(bench: Bench, stack: AsyncExitStack, server: Postgres | None) -> System:
    url = _database(bench, server, PRODUCT)
    process, address = await stack.enter_async_context(api(bench.folder, url))
    return System(PRODUCT, url, process, address)


async def _start_baseline(bench: Bench, stack: AsyncExitStack, server: Postgres | None) -> System:
    url, port = _database(bench, server, BASELINE), free_port()
    command = (
        "-m",
        "uvicorn",
        "benchmarks.baselines.sqlmodel_app:app",
        "--port",
        str(port),
        "--log-level",
        "warning",
    )
    process = await stack.enter_async_context(
        running("baseline", bench.folder, {"DATABASE_URL": url}, *command)
    )
    address = f"http://127.0.0.1:{port}"
    await process.wait_until_ready(address, "/docs")
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
        self._measurements: dict[Key, list[Measurement]] = defaultdict(list)
        self._steady: dict[str, list[Load]] = defaultdict(list)
        self._memory: list[float] = []

    @property
    def _connections(self) -> Sequence[int]:
        # SQLite has one writer, however many connections there are.
        return CONNECTIONS if self._server and not self._bench.smoke else (DEFAULT_CONNECTIONS,)

    async def rounds(self) -> None:
        """Run all rounds, after a warm-up that does not count."""
        if not self._bench.smoke:
            for endpoint in ENDPOINTS:
                for system in self._systems:
                    await self._measure_load(system, endpoint, DEFAULT_CONNECTIONS, WARM_UP_SECONDS)
        for number in range(self._bench.rounds):
            for endpoint in ENDPOINTS:
                for connections in self._connections:
                    for system in self._systems[:: -1 if number % 2 else 1]:
                        measurement = await self._measure_load(
                            system, endpoint, connections, self._bench.seconds
                        )
                        self._measurements[endpoint[0], connections, system.name].append(measurement)
                await self._measure_half_load(endpoint)
            self._memory.append(self._systems[0].process.rss_mib() if self._systems[0].process else 0)
            self._bench.log(f"intake, {self._database}: round {number + 1} of {self._bench.rounds}")

    async def _measure_load(
        self, system: System, endpoint: tuple[str, str, Kind], connections: int, seconds: float
    ) -> Measurement:
        name, path, kind = endpoint
        if self._server:
            await asyncio.to_thread(self._server.checkpoint)
        before = await wait_until_stored(system.url)
        cpu = self._cpu(system)
        if system.process:
            load = await saturate(system.address, path, kind, connections, seconds)
        else:
            assert self._server is not None  # noqa: S101 - pgbench is measured on PostgreSQL only
            load = await pgbench(
                self._server, system.url, script(self._bench.folder, kind), connections, seconds
            )
        cpu_after = self._cpu(system)
        stored = await wait_until_stored(system.url)
        check_stored(f"{name}, {system.name}", load, kind, before, stored, repeats=system.name == PRODUCT)
        used = [1000 * (now - then) / load.answered for now, then in zip(cpu_after, cpu, strict=True)]
        line = f"{name}, {connections} connections, {system.name}: {load.rate:.0f}/s"
        self._bench.log(f"intake, {self._database}: {line}")
        return Measurement(load, *used)

    async def _measure_half_load(self, endpoint: tuple[str, str, Kind]) -> None:
        """Measure latency at a steady load of half the product's rate in this round."""
        name, path, kind = endpoint
        product = self._systems[0]
        rate = self._measurements[name, DEFAULT_CONNECTIONS, PRODUCT][-1].load.rate / 2
        before = await wait_until_stored(product.url)
        load = await steady(
            product.address,
            path,
            kind,
            rate=rate,
            connections=4 * DEFAULT_CONNECTIONS,
            seconds=self._bench.seconds,
        )
        check_stored(
            f"{name}, half the load", load, kind, before, await wait_until_stored(product.url), repeats=True
        )
        self._steady[name].append(load)

    def _cpu(self, system: System) -> tuple[float, float]:
        process = system.process.cpu_seconds() if system.process else 0.0
        return process, self._server.cpu_seconds() if self._server else 0.0

    def figures(self) -> Sequence[Figure]:
        """Return the figures of all rounds."""
        found: list[Figure] = []
        for name, _, _ in ENDPOINTS:
            for connections in self._connections:
                found += self._rate_figures(name, connections)
            found += self._half_load_figures(name)
        limit = at_most(90) if self._server else None
        found.append(Figure(self._named("memory of the api under load"), "MiB", self._memory, limit))
        return found

    def _rate_figures(self, endpoint: str, connections: int) -> Sequence[Figure]:
        has_target = connections == DEFAULT_CONNECTIONS and self._server is not None
        base = self._named(f"{endpoint}, {connections} connections")
        ratios = [Ratio(f"{base}, {BASELINE}", at_least(8) if has_target else None)]
        if self._server:
            ratios.insert(0, Ratio(f"{base}, {LIMIT}", at_least(0.25) if has_target else None))
        product = self._measurements[endpoint, connections, PRODUCT]
        figures = [
            self._figure(
                f"{base}, {system.name}", "/s", endpoint, connections, system.name, lambda one: one.load.rate
            )
            for system in self._systems[:0:-1]
        ]
        cost = median(1000 * one.load.cpu_seconds / one.load.answered for one in product)
        figures.append(
            Figure(
                base,
                "/s",
                [one.load.rate for one in product],
                ratios=ratios,
                note=f"load by {load_generator()}, {cost:.2f} ms of CPU per request" if has_target else "",
            )
        )
        of: Sequence[tuple[str, Callable[[Measurement], float]]] = (
            ("p50", lambda one: one.load.p50),
            ("p99", lambda one: one.load.p99),
            ("processor time of the api a request", lambda one: one.process_ms),
            ("processor time of PostgreSQL a request", lambda one: one.database_ms),
        )
        for what, value in of if self._server else of[:3]:
            figures.append(self._figure(f"{base}, {what}", "ms", endpoint, connections, PRODUCT, value))
        if connections == DEFAULT_CONNECTIONS:
            figures.append(
                self._figure(
                    f"{base}, {BASELINE}, processor time of it a request",
                    *("ms", endpoint, connections, BASELINE),
                    lambda one: one.process_ms,
                )
            )
        return figures

    def _figure(
        self,
        name: str,
        unit: str,
        endpoint: str,
        connections: int,
        system: str,
        value: Callable[[Measurement], float],
    ) -> Figure:
        note = TRANSACTIONS[endpoint] if system == LIMIT and connections == DEFAULT_CONNECTIONS else ""
        return Figure(
            name, unit, [value(one) for one in self._measurements[endpoint, connections, system]], note=note
        )

    def _half_load_figures(self, endpoint: str) -> Sequence[Figure]:
        loads = self._steady[endpoint]
        rate = median(one.rate for one in loads)
        base = self._named(f"{endpoint}, at half of that, steadily")
        cost = median(1000 * one.cpu_seconds / one.answered for one in loads)
        return [
            Figure(f"{base}, p50", "ms", [one.p50 for one in loads]),
            Figure(
                f"{base}, p99",
                "ms",
                [one.p99 for one in loads],
                at_most(15) if self._server else None,
                note=f"by benchmarks/workloads/client.py at {rate:.0f}/s, from the moment each"
                f" was due; its own {cost:.2f} ms of CPU per request included",
            ),
        ]

    def _named(self, what: str) -> str:
        return what if self._server else f"SQLite: {what}"
