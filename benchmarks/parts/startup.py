"""Time until the API answers and the worker is ready, and the time of their imports."""

import asyncio
import re
import sys
from collections.abc import Sequence

from benchmarks.harness.bench import Bench, BenchError
from benchmarks.harness.postgres import postgres
from benchmarks.harness.processes import running
from benchmarks.harness.running_product import Sandbox, sandbox, worker
from benchmarks.reporting.figures import Figure, at_most
from sandbox.demo.product_processes import ROOT, environment, free_port

ENTRIES = {"api": "api.__main__", "worker": "worker.__main__, worker.runtime.worker_process"}
MAX_SHOWN = 8
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \|(\s+)(\S+)")


async def measure(bench: Bench) -> Sequence[Figure]:
    """Measures on PostgreSQL with the sandbox running. The first start fills caches and does not count."""
    api_seconds, worker_seconds = [], []
    imports: dict[str, list[float]] = {name: [] for name in ENTRIES}
    slowest: dict[str, str] = {}
    async with postgres() as server, sandbox(bench.folder) as running_sandbox:
        url = server.create()
        for round_number in range(bench.rounds + (not bench.smoke)):
            found = await _api(bench, url), await _worker(bench, url, running_sandbox)
            taken = {name: await _import(modules) for name, modules in ENTRIES.items()}
            if round_number == 0 and not bench.smoke:
                continue
            api_seconds.append(found[0])
            worker_seconds.append(found[1])
            for name, (seconds, slow) in taken.items():
                imports[name].append(seconds)
                slowest[name] = slow
            bench.log(f"startup: api {found[0]:.2f} s, worker {found[1]:.2f} s")
    return [
        Figure("api answers /healthz", "s after start", api_seconds, at_most(1.5)),
        Figure("worker ready", "s after start", worker_seconds, at_most(2)),
        *(
            Figure(f"imports of the {name}", "s of the start", imports[name], note=slowest[name])
            for name in ENTRIES
        ),
    ]


async def _api(bench: Bench, url: str) -> float:
    port = free_port()
    settings = {"DATABASE_URL": url, "API_PORT": str(port)}
    async with running("api", bench.folder, settings) as process:
        await process.wait_until_ready(f"http://127.0.0.1:{port}", "/healthz")
        return process.age


async def _worker(bench: Bench, url: str, running_sandbox: Sandbox) -> float:
    async with worker(bench.folder, url, running_sandbox) as process:
        return process.age


async def _import(modules: str) -> tuple[float, str]:
    """Return the import time in seconds, as Python counts it, and the slowest packages."""
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
    slow = sorted(own.items(), key=lambda item: -item[1])[:MAX_SHOWN]
    return sum(own.values()) / 1e6, ", ".join(f"{name} {took / 1000:.0f} ms" for name, took in slow)
