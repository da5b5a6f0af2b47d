"""The product's processes as users start them, and what they take: processor time, memory, time to start."""

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
LOOK_SECONDS = 0.01
MIB = 2**20

# Settings that somebody may have for real work: nobody real must be written to from here.
_REAL = ("TELEGRAM_", "OPENAI_", "CALENDLY_", "COMPANY_", "API_", "TILDA_", "OUTREACH_", "SANDBOX_")


class Process:
    """A command that runs in `folder`, with its output in a file there."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path, began: float) -> None:
        self.name = name
        self.log = log
        self.began = began
        self._process = process
        self._measured = psutil.Process(process.pid)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.began

    def cpu_seconds(self) -> float:
        """The processor time it has taken, its children's included."""
        return cpu_seconds(self._measured)

    def rss_mib(self) -> float:
        """The memory it holds now."""
        return float(self._measured.memory_info().rss) / MIB

    def text(self) -> str:
        """Everything it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def until(self, look: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
        """Wait until `look` is true. Raises BenchError with its last words if it ends, or takes too long."""
        deadline = time.monotonic() + seconds
        while not look():
            if self._process.returncode is not None or time.monotonic() > deadline:
                last = "\n".join(self.text().splitlines()[-8:])
                raise BenchError(f"{self.name}: not {what} within {seconds:.0f} s\n{last}")
            await asyncio.sleep(LOOK_SECONDS)

    async def says(self, text: str) -> None:
        """Wait until it has printed `text`."""
        await self.until(lambda: text in self.text(), f"saying {text!r}")

    async def stop(self) -> None:
        """Ask it to end; it is killed if it does not."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(self._process.wait(), STOP_SECONDS)
            except TimeoutError:
                self._process.kill()
                await self._process.wait()


def cpu_seconds(process: psutil.Process) -> float:
    """Of a process and its children, those that have ended included."""
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
    """`python -m name`, or another `command` with Python's arguments, until the block ends."""
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
            # A Ctrl-C is for us, who stop everything in order.
            start_new_session=True,
        )
    process = Process(name, started, log, began)
    try:
        yield process
    finally:
        await process.stop()


@asynccontextmanager
async def api(folder: Path, database_url: str, **settings: str) -> AsyncIterator[tuple[Process, str]]:
    """`python -m api`, ready; gives it and its address."""
    address = f"http://127.0.0.1:{(port := free_port())}"
    own = {"DATABASE_URL": database_url, "API_PORT": str(port), "RATE_LIMIT_PER_MINUTE": "0", **settings}
    async with running("api", folder, own) as process:
        await ready(process, address, "/readyz")
        yield process, address


async def ready(process: Process, address: str, path: str) -> None:
    """Wait until it answers there."""
    await process.until(lambda: answers(address, path), f"answering {path}")


def answers(address: str, path: str) -> bool:
    """Whether there is a good answer; asked with as little as can be, since it is asked often."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=5)
    with suppress(OSError, HTTPException), closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status == 200
    return False


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """What a process is started with: this one's, without settings of the product, and `settings`."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(_REAL)}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}


def migrate(url: str) -> None:
    """`alembic upgrade head` as a user runs it."""
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
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
