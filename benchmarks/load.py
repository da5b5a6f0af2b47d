"""Load from a process of its own: wrk, pgbench, or a client of ours whose own cost is told."""

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

from benchmarks.bench_parts import BenchError
from benchmarks.postgres import Postgres
from benchmarks.processes import environment

Kind = Literal["json", "form"]

SCRIPT = Path(__file__).with_name("load.lua")
THREADS = 2
SPARE_SECONDS = 30


@dataclass(frozen=True)
class Load:
    """What was sent and what was answered; `fresh`: how many of those sent were no repeats."""

    sent: int
    fresh: int
    answered: int
    seconds: float
    p50: float = 0
    p99: float = 0
    # Of the generator itself.
    cpu_seconds: float = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


def generator() -> str:
    """What makes the load at full tilt."""
    return "wrk" if shutil.which("wrk") else "benchmarks/client.py (apt-get install wrk for less of its own)"


async def saturate(address: str, path: str, kind: Kind, connections: int, seconds: float) -> Load:
    """As many requests as are answered over so many connections.

    Raises BenchError if one is refused or unanswered.
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
            # Its own is 2 s, and the baseline's writers on SQLite wait for each other longer at times.
            "--timeout",
            f"{SPARE_SECONDS}s",
        ),
        *("--latency", "-s", str(SCRIPT), address + path, "--", kind, _run_mark()),
        seconds=seconds,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return _load({"cpu": cpu, **json.loads(printed.splitlines()[-1])})


async def steady(
    address: str, path: str, kind: Kind, *, rate: float, connections: int, seconds: float
) -> Load:
    """So many requests a second, each sent when it is due; a rate of 0 is as fast as they are answered.

    Raises BenchError if one is refused or unanswered.
    """
    parts = urlsplit(address)
    printed = await _run(
        *(
            sys.executable,
            "-m",
            "benchmarks.client",
            "--host",
            str(parts.hostname),
            "--port",
            str(parts.port),
        ),
        *("--path", path, "--kind", kind, "--run", _run_mark(), "--connections", str(connections)),
        *("--rate", str(rate), "--seconds", str(seconds)),
        seconds=seconds,
    )
    return _load(json.loads(printed))


async def pgbench(server: Postgres, url: str, script: Path, connections: int, seconds: float) -> Load:
    """So many clients that run `script`, prepared, one transaction after the other."""
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


def _load(told: dict[str, float]) -> Load:
    if told["refused"] or told["broken"]:
        raise BenchError(
            f"{told['refused']:.0f} requests were refused and {told['broken']:.0f} not answered: "
            "a rate of errors is no rate"
        )
    return Load(
        sent=int(told["sent"]),
        fresh=int(told["fresh"]),
        answered=int(told["answered"]),
        seconds=told["seconds"],
        p50=told["p50"],
        p99=told["p99"],
        cpu_seconds=told["cpu"],
    )


def _run_mark() -> str:
    return str(time.time_ns())


async def _run(*command: str, seconds: float) -> str:
    async with _spawned(*command) as process:
        try:
            printed, said = await asyncio.wait_for(process.communicate(), seconds + SPARE_SECONDS)
        except TimeoutError:
            raise BenchError(f"{Path(command[0]).name} did not end") from None
    if process.returncode:
        raise BenchError(f"{Path(command[0]).name}: {said.decode(errors='replace')[-400:]}")
    return printed.decode()


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
