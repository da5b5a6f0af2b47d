"""Starts the product's processes as a user would, and stops them: for the demo, the benchmarks and the tests.

Nothing here imports the product.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).parents[2]
READY_SECONDS = 60
STOP_SECONDS = 15
POLL_SECONDS = 0.01
SHOWN_LINES = 8

# Settings of the product in the caller's environment are removed: no real person may get a message from here.
_PRODUCT_SETTINGS = (
    "API_",
    "CALCOM_",
    "CALENDLY_",
    "COMPANY_",
    "DATABASE_",
    "OPENAI_",
    "OUTREACH_",
    "SANDBOX_",
    "TELEGRAM_",
    "TILDA_",
)
# No limits, no pauses, no typing delay: no real people receive these messages.
FAST_SETTINGS: Mapping[str, str] = {
    "TELEGRAM_API_ID": "1",
    "TELEGRAM_API_HASH": "sandbox",
    "TELEGRAM_SESSION_DIR": "session",
    "OPENAI_API_KEY": "sandbox",
    # The sandbox's model is not to be tested first.
    "ASSISTANT_TRUST": "full",
    "CALENDLY_LINK": "https://calendly.com/gordovcode/30min",
    "OUTREACH_GAP_SECONDS": "0",
    "OUTREACH_DAILY_LIMIT": "1000000",
    "OUTREACH_WARMUP_DAYS": "0",
    "LOOKUP_GAP_SECONDS": "0",
    "RESOLVE_DAILY_LIMIT": "1000000",
    "IMPORT_DAILY_LIMIT": "1000000",
    "TYPING_SECONDS": "0",
    # A demo does not last for days.
    "FOLLOW_UPS": "off",
    "RATE_LIMIT_PER_MINUTE": "0",
}
# It prints one line of JSON, and writes a signed-in session for a worker that runs in the same folder.
SANDBOX_ARGUMENTS = ("--json", "--state", "sandbox", "--session", "session/ai_assistant")


class ProcessError(Exception):
    """A process could not be started or has ended; the message contains the reason and the end of its log."""


class Process:
    """A command that runs in the background; `start` it, and `stop` it at the end."""

    def __init__(
        self, name: str, process: asyncio.subprocess.Process, log: Path, log_start: int, began: float
    ) -> None:
        self.name = name
        self._process = process
        self._log = log
        self._log_start = log_start
        self._began = began

    @classmethod
    async def start(
        cls, name: str, folder: Path, settings: Mapping[str, str], *command: str, log: Path | None = None
    ) -> Self:
        """Run `python -m name`, or Python with the arguments `command`, in `folder`.

        The output is added to the file `log`, by default to `name.log` in `folder`.
        """
        log = log or folder / f"{name}.log"
        with log.open("ab") as output:
            log_start, began = output.tell(), time.monotonic()
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *(command or ("-m", name)),
                cwd=folder,
                env=environment(settings),
                stdout=output,
                stderr=output,
                # Ctrl-C must reach only the caller, which then stops everything in order.
                start_new_session=True,
            )
            return cls(name, process, log, log_start, began)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def age(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self._began

    @property
    def has_ended(self) -> bool:
        """True if it has ended by itself or was stopped."""
        return self._process.returncode is not None

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negated number of the signal that ended it."""
        return self._process.returncode

    def output(self) -> str:
        """Return everything that it has printed."""
        return self._log.read_bytes()[self._log_start :].decode(errors="replace")

    def last_lines(self) -> str:
        """Return the end of its output."""
        return "\n".join(self.output().splitlines()[-SHOWN_LINES:])

    async def wait_until(
        self, condition: Callable[[], bool], what: str, seconds: float = READY_SECONDS
    ) -> None:
        """Wait until `condition()` is true; raises ProcessError if the process ends first or at a timeout."""
        deadline = time.monotonic() + seconds
        while not condition():
            if self.has_ended or time.monotonic() > deadline:
                end = "ended before" if self.has_ended else f"not within {seconds:.0f} s:"
                raise ProcessError(f"{self.name}: {end} {what}; its log ends:\n{self.last_lines()}")
            await asyncio.sleep(POLL_SECONDS)

    async def wait_for_output(self, text: str) -> None:
        """Wait until its output contains `text`."""
        await self.wait_until(lambda: text in self.output(), f"printing {text!r}")

    async def wait_until_ready(self, address: str, path: str = "/readyz") -> None:
        """Wait until it answers at this address and path."""
        await self.wait_until(lambda: responds(address, path), f"answering {path}")

    def terminate(self) -> None:
        """Send SIGTERM if it still runs."""
        if not self.has_ended:
            with suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGTERM)

    async def join(self, seconds: float = STOP_SECONDS) -> None:
        """Wait for its end; kill it if it does not end in time."""
        try:
            await asyncio.wait_for(self._process.wait(), seconds)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    async def stop(self, seconds: float = STOP_SECONDS) -> None:
        """Send SIGTERM and wait for the end; kill it if it does not end in time."""
        self.terminate()
        await self.join(seconds)


async def sandbox_facts(sandbox: Process) -> dict[str, Any]:
    """Return the JSON that a process with SANDBOX_ARGUMENTS prints at its start."""
    await sandbox.wait_for_output("}\n")
    facts: dict[str, Any] = json.loads(sandbox.output().splitlines()[-1])
    return facts


def worker_settings(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings of a fast worker that uses the sandbox with these facts."""
    return {**FAST_SETTINGS, "OPENAI_BASE_URL": str(facts["openai"])}


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without settings of the product, plus `settings`."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(_PRODUCT_SETTINGS)}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}


def migrate(database_url: str, seconds: float = READY_SECONDS) -> None:
    """Run `alembic upgrade head` as a user does; raises ProcessError if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "alembic", "upgrade", "head"],
        cwd=ROOT,
        env=environment({"DATABASE_URL": database_url}),
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    if done.returncode:
        raise ProcessError(f"the database could not be migrated:\n{(done.stdout + done.stderr)[-800:]}")


def responds(address: str, path: str) -> bool:
    """Return True if the answer is 200. Uses little CPU, because it is called often."""
    connection = HTTPConnection(address.removeprefix("http://"), timeout=5)
    with suppress(OSError, HTTPException), closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status == 200
    return False


def free_port() -> int:
    """Return a free TCP port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
