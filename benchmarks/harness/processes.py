"""The product's processes, with their CPU time and memory."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import psutil

from sandbox.demo import product_processes
from sandbox.demo.product_processes import free_port

MIB = 2**20


class Process(product_processes.Process):
    """A running command that is measured."""

    def cpu_seconds(self) -> float:
        """Return its CPU time so far, children included."""
        return cpu_seconds(psutil.Process(self.pid))

    def rss_mib(self) -> float:
        """Return its resident memory in MiB."""
        return float(psutil.Process(self.pid).memory_info().rss) / MIB


def cpu_seconds(process: psutil.Process) -> float:
    """Return the CPU time of a process and its children, ended ones included."""
    own = process.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for child in process.children():
        with suppress(psutil.NoSuchProcess):
            total += cpu_seconds(child)
    return float(total)


@asynccontextmanager
async def running(
    name: str, folder: Path, settings: Mapping[str, str], *command: str
) -> AsyncIterator[Process]:
    """Run `python -m name`, or Python with the arguments `command`, until the block ends."""
    # Several processes of one name may run at the same time.
    log = folder / f"{name}-{time.monotonic_ns()}.log"
    process = await Process.start(name, folder, settings, *command, log=log)
    try:
        yield process
    finally:
        await process.stop()


@asynccontextmanager
async def api(folder: Path, database_url: str, **settings: str) -> AsyncIterator[tuple[Process, str]]:
    """Run `python -m api` and wait until it is ready; yields the process and its address."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    own = {"DATABASE_URL": database_url, "API_PORT": str(port), "RATE_LIMIT_PER_MINUTE": "0", **settings}
    async with running("api", folder, own) as process:
        await process.wait_until_ready(address)
        yield process, address
