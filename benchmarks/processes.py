"""Starts the product's processes as users do, and measures their CPU time, memory and age."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

from benchmarks.bench_parts import BenchError

ROOT = Path(__file__).parent.parent
STOP_SECONDS = 15
READY_SECONDS = 60
CHECK_SECONDS = 0.01
MIB = 2**20

# Settings of the product in the caller's environment are removed: no real person may get a message from here.
_PRODUCT_SETTINGS = (
    "TELEGRAM_",
    "OPENAI_",
    "CALENDLY_",
    "COMPANY_",
    "API_",
    "TILDA_",
    "OUTREACH_",
    "SANDBOX_",
)


class Process:
    """A running command; its output goes to the file `log`."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path, began: float) -> None:
        self.name = name
        self.log = log
        self.began = began
        self._process = process
        self._measured = psutil.Process(process.pid)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began

    def cpu_seconds(self) -> float:
        """Return its CPU time so far, children included."""
        return cpu_seconds(self._measured)

    def rss_mib(self) -> float:
        """Return its resident memory in MiB."""
        return float(self._measured.memory_info().rss) / MIB

    def output(self) -> str:
        """Return everything that it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def wait_until(
        self, condition: Callable[[], bool], what: str, seconds: float = READY_SECONDS
    ) -> None:
        """Wait until `condition()` is true; raises BenchError if the process ends first or at a timeout."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self._process.returncode is not None or time.monotonic() > deadline:
                last = "\n".join(self.output().splitlines()[-8:])
                raise BenchError(f"{self.name}: not {what} within {seconds:.0f} s\n{last}")
            await asyncio.sleep(CHECK_SECONDS)

    async def wait_for_output(self, text: str) -> None:
        """Wait until its output contains `text`."""
        await self.wait_until(lambda: text in self.output(), f"printing {text!r}")

    async def stop(self) -> None:
        """Send SIGTERM; kill it if it does not end in time."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


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
    log = folder / f"{name}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        began = time.monotonic()
        started = await asyncio.create_subprocess_exec(
            sys.executable,
            *(command or ("-m", name)),
            cwd=folder,
            env=environment(settings),
            stdout=output,
            stderr=output,
            # Ctrl-C must reach only the benchmark, which then stops everything in order.
            start_new_session=True,
        )
    process = Process(name, started, log, began)
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
        await wait_until_ready(process, address, "/readyz")
        yield process, address


async def wait_until_ready(process: Process, address: str, path: str) -> None:
    """Wait until the process answers at `path`."""
    await process.wait_until(lambda: responds(address, path), f"answering {path}")


def responds(address: str, path: str) -> bool:
    """Return True if the answer is 200. Uses little CPU, because it is called often."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=5)
    with suppress(OSError, HTTPException), closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status == 200
    return False


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without settings of the product, plus `settings`."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(_PRODUCT_SETTINGS)}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}


def migrate(url: str) -> None:
    """Run `alembic upgrade head` as a user does; raises BenchError if it fails."""
    command = [sys.executable, "-m", "alembic", "upgrade", "head"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=environment({"DATABASE_URL": url}),
        capture_output=True,
        text=True,
        check=False,
        timeout=READY_SECONDS,
    )
    if done.returncode:
        raise BenchError(f"the database could not be migrated:\n{done.stderr[-800:]}")


def free_port() -> int:
    """Return a free TCP port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
