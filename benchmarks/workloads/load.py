"""Load from a separate process: wrk, pgbench, or client.py, which reports its own CPU time."""

import asyncio
import json
import re
import resource
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from benchmarks.harness.bench import BenchError
from benchmarks.harness.postgres import Postgres
from sandbox.demo.product_processes import environment

Kind = Literal["json", "form"]

SCRIPT = Path(__file__).with_name("load.lua")
THREADS = 2
GRACE_SECONDS = 30


@dataclass(frozen=True)
class Load:
    """Counts of one load; `distinct`: the sent requests that were not repeats. Latencies in milliseconds."""

    sent: int
    distinct: int
    answered: int
    seconds: float
    p50: float = 0
    p99: float = 0
    # CPU time of the load generator itself.
    cpu_seconds: float = 0

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.answered / self.seconds


def load_generator() -> str:
    """Return the name of the load generator for full load."""
    if shutil.which("wrk"):
        return "wrk"
    return "benchmarks/workloads/client.py (apt-get install wrk: it costs less CPU)"


async def saturate(address: str, path: str, kind: Kind, connections: int, seconds: float) -> Load:
    """Send as many requests as are answered over `connections` connections, for `seconds`.

    Raises BenchError if a request is refused or unanswered.
    """
    if not (wrk := shutil.which("wrk")):
        return await steady(address, path, kind, rate=0, connections=connections, seconds=seconds)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    printed = await _run(
        *(
            wrk,
            "-t",
            str(min(THREADS, connections)),
            "-c",
            str(connections),
            "-d",
            f"{max(1, round(seconds))}s",
            # The default is 2 s; the baseline's writers on SQLite sometimes wait longer for each other.
            "--timeout",
            f"{GRACE_SECONDS}s",
        ),
        *("--latency", "-s", str(SCRIPT), address + path, "--", kind, _run_id()),
        seconds=seconds,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _load({"cpu": cpu, **json.loads(printed.splitlines()[-1])})


async def steady(
    address: str, path: str, kind: Kind, *, rate: float, connections: int, seconds: float
) -> Load:
    """Send `rate` requests per second, each when it is due; 0 means as fast as they are answered.

    Raises BenchError if a request is refused or unanswered.
    """
    parts = urlsplit(address)
    printed = await _run(
        *(
            sys.executable,
            "-m",
            "benchmarks.workloads.client",
            "--host",
            str(parts.hostname),
            "--port",
            str(parts.port),
        ),
        *("--path", path, "--kind", kind, "--run", _run_id(), "--connections", str(connections)),
        *("--rate", str(rate), "--seconds", str(seconds)),
        seconds=seconds,
    )
    return _load(json.loads(printed))


async def pgbench(server: Postgres, url: str, script: Path, connections: int, seconds: float) -> Load:
    """Run `script` as prepared statements, with `connections` clients, one transaction after the other."""
    printed = await _run(
        *(str(server.pgbench), "-M", "prepared", "-n", "-f", str(script)),
        *(
            "-c",
            str(connections),
            "-j",
            str(min(THREADS, connections)),
            "-T",
            str(max(1, round(seconds))),
            url,
        ),
        seconds=seconds,
    )
    rate = re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)
    done = re.search(r"actually processed: (\d+)", printed)
    failed = re.search(r"failed transactions: (\d+)", printed)
    if not (rate and done) or (failed and int(failed[1])):
        raise BenchError(f"pgbench: {printed[-400:]}")
    count = int(done[1])
    return Load(count, count, count, count / float(rate[1]))


def _load(result: dict[str, float]) -> Load:
    if result["refused"] or result["broken"]:
        raise BenchError(
            f"{result['refused']:.0f} requests were refused and {result['broken']:.0f} not answered: "
            "the rate would be wrong"
        )
    return Load(
        sent=int(result["sent"]),
        distinct=int(result["distinct"]),
        answered=int(result["answered"]),
        seconds=result["seconds"],
        p50=result["p50"],
        p99=result["p99"],
        cpu_seconds=result["cpu"],
    )


def _run_id() -> str:
    return str(time.time_ns())


async def _run(*command: str, seconds: float) -> str:
    async with _spawned(*command) as process:
        try:
            stdout, stderr = await asyncio.wait_for(process.communicate(), seconds + GRACE_SECONDS)
        except TimeoutError:
            raise BenchError(f"{Path(command[0]).name} did not end") from None
    if process.returncode:
        raise BenchError(f"{Path(command[0]).name}: {stderr.decode(errors='replace')[-400:]}")
    return stdout.decode()


@asynccontextmanager
async def _spawned(*command: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment({}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
