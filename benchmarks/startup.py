"""How long until the api answers and the worker is ready, and what importing them takes."""

import asyncio
import re
import sys
from collections.abc import Sequence

from benchmarks import processes
from benchmarks.bench_parts import Bench, BenchError
from benchmarks.figures import Figure, at_most
from benchmarks.postgres import postgres
from benchmarks.processes import ROOT, answers, environment, running
from benchmarks.running_product import Sandbox, sandbox, worker

ENTRIES = {"api": "api.__main__", "worker": "worker.__main__, worker.runtime.worker_process"}
MOST_SHOWN = 8
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|(\s+)(\S+)")


async def measure(bench: Bench) -> Sequence[Figure]:
    """On PostgreSQL, the sandbox beside the worker; the first start, which fills caches, does not count."""
    api_seconds, worker_seconds = [], []
    imports: dict[str, list[float]] = {name: [] for name in ENTRIES}
    heaviest: dict[str, str] = {}
    async with postgres() as server, sandbox(bench.folder) as beside:
        url = server.create()
        for round_number in range(bench.rounds + (not bench.smoke)):
            found = await _api(bench, url), await _worker(bench, url, beside)
            taken = {name: await _import(modules) for name, modules in ENTRIES.items()}
            if round_number == 0 and not bench.smoke:
                continue
            api_seconds.append(found[0])
            worker_seconds.append(found[1])
            for name, (seconds, heavy) in taken.items():
                imports[name].append(seconds)
                heaviest[name] = heavy
            bench.say(f"startup: api {found[0]:.2f} s, worker {found[1]:.2f} s")
    return [
        Figure("api answers /healthz", "s after start", api_seconds, at_most(1.5)),
        Figure("worker ready", "s after start", worker_seconds, at_most(2)),
        *(
            Figure(f"imports of the {name}", "s of the start", imports[name], note=heaviest[name])
            for name in ENTRIES
        ),
    ]


async def _api(bench: Bench, url: str) -> float:
    port = processes.free_port()
    settings = {"DATABASE_URL": url, "API_PORT": str(port)}
    async with running("api", bench.folder, settings) as process:
        await process.until(lambda: answers(f"http://127.0.0.1:{port}", "/healthz"), "answering /healthz")
        return process.age


async def _worker(bench: Bench, url: str, beside: Sandbox) -> float:
    async with worker(bench.folder, url, beside) as process:
        return process.age


async def _import(modules: str) -> tuple[float, str]:
    """What Python itself counts for the imports, in seconds, and the packages that take the most of it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-X", "importtime", "-c", f"import {modules}"),
        cwd=ROOT,
        env=environment({}),
        stderr=asyncio.subprocess.PIPE,
    )
    _, printed = await process.communicate()
    if process.returncode:
        raise BenchError(f"import {modules}: {printed.decode(errors='replace')[-400:]}")
    own: dict[str, int] = {}
    for itself, _, _, module in _LINE.findall(printed.decode()):
        package = module.partition(".")[0]
        own[package] = own.get(package, 0) + int(itself)
    heavy = sorted(own.items(), key=lambda item: -item[1])[:MOST_SHOWN]
    return sum(own.values()) / 1e6, ", ".join(f"{name} {took / 1000:.0f} ms" for name, took in heavy)
