"""Latency of forms while the same API imports a file, compared with the API without an import."""

import asyncio
import itertools
import secrets
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack

import httpx2

from benchmarks.harness.bench import Bench, BenchError, DatabaseKind
from benchmarks.harness.postgres import Postgres, postgres
from benchmarks.harness.processes import api
from benchmarks.reporting.figures import Figure, Ratio, at_most
from benchmarks.workloads.load import steady
from sandbox.demo.product_processes import migrate

FORMS_A_SECOND = 30
CONNECTIONS = 8
MAX_P99_MS = 50
_IMPORT_TIMEOUT = 600
_WIDE = 5_000
_COLUMNS = 999

_numbers = itertools.count(1)


def _cells(count: int) -> str:
    return ";".join(f"текст {cell}" for cell in range(count))


def files() -> Mapping[str, str]:
    """Return a file of each kind; each takes the API some seconds."""
    return {
        "rows that are stored": "phone;name\n"
        + "".join(f"+7999{next(_numbers):07};Анна\n" for _ in range(3_000)),
        "refused rows": "phone;name\n" + "нет;Анна\n" * 20_000,
        "refused rows of 5,000 cells": "phone;name\n" + f"нет;{_cells(_WIDE)}\n" * 150,
        "rows of 999 cells": ";".join(["phone", *(f"к {number}" for number in range(_COLUMNS))])
        + "\n"
        + f"нет;{_cells(_COLUMNS)}\n" * 100,
    }


async def measure(bench: Bench) -> Sequence[Figure]:
    """Sends forms at a fixed rate, first alone, then beside each kind of file."""
    figures: list[Figure] = []
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(postgres()) if "postgresql" in bench.databases else None
        for kind in bench.databases:
            url = _database(bench, kind, server)
            _, address = await stack.enter_async_context(api(bench.folder, url))
            figures += await _on(bench, kind, address)
    return figures


def _database(bench: Bench, kind: DatabaseKind, server: Postgres | None) -> str:
    if kind == "postgresql":
        assert server is not None  # noqa: S101 - for mypy
        return server.create()
    url = f"sqlite:///{bench.folder / f'imports-{secrets.token_hex(4)}.db'}"
    migrate(url)
    return url


async def _on(bench: Bench, kind: DatabaseKind, address: str) -> Sequence[Figure]:
    alone: list[float] = []
    beside: dict[str, list[float]] = {name: [] for name in files()}
    await _forms(address, min(1.0, bench.seconds))
    for _ in range(bench.rounds):
        alone.append(await _forms(address, bench.seconds))
        for name, text in files().items():
            enough = asyncio.Event()
            importing = asyncio.create_task(_import_until(enough, address, text))
            try:
                beside[name].append(await _forms(address, bench.seconds))
            finally:
                enough.set()
                # The API goes on with a file whose sender is gone.
                await importing
        bench.log(
            f"imports on {kind}: p99 alone {alone[-1]:.0f} ms, "
            + ", ".join(f"{name} {samples[-1]:.0f} ms" for name, samples in beside.items())
        )
    base = f"{kind}: forms alone, p99"
    how = f"{FORMS_A_SECOND} forms a second for {bench.seconds:g} s"
    return [
        Figure(base, "ms", alone, note=how),
        *(
            Figure(f"{kind}: forms beside {name}, p99", "ms", samples, at_most(MAX_P99_MS), [Ratio(base)])
            for name, samples in beside.items()
        ),
    ]


async def _forms(address: str, seconds: float) -> float:
    """Return the p99 of forms in milliseconds, from a process of its own; raises BenchError."""
    path = "/leads/webhooks/tilda"
    load = await steady(address, path, "form", rate=FORMS_A_SECOND, connections=CONNECTIONS, seconds=seconds)
    return load.p99


async def _import_until(enough: asyncio.Event, address: str, text: str) -> None:
    """Send the file again and again; each time its rows are new. Raises BenchError."""
    async with httpx2.AsyncClient(timeout=_IMPORT_TIMEOUT) as client:
        for number in itertools.count():
            if enough.is_set():
                return
            content = text.replace("Анна", f"Анна {number}").encode()
            answer = await client.post(
                f"{address}/leads/import", content=content, headers={"Content-Type": "text/csv"}
            )
            if answer.status_code != 200:
                raise BenchError(f"the import failed: {answer.status_code} {answer.text[-300:]}")
