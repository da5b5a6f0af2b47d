"""Starts the product's processes as a user would, and stops them."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[2]
STOP_SECONDS = 15
READY_SECONDS = 30

# Prefixes of real settings in the user's environment: the demo must not use them to contact real people.
_REAL_SETTINGS = (
    "TELEGRAM_",
    "OPENAI_",
    "CALENDLY_",
    "COMPANY_",
    "API_TOKEN",
    "TILDA_",
    "OUTREACH_",
    "SANDBOX_",
)


class DemoError(Exception):
    """The demo cannot continue; the message contains the reason and the remedy."""


class Processes:
    """The processes of the demo; `folder` is their working directory and contains their logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[tuple[str, asyncio.subprocess.Process]] = []
        self._logs: list[IO[bytes]] = []

    async def migrate(self, database_url: str) -> None:
        """Run `alembic upgrade head`; raises DemoError if it fails."""
        environment = _environment({"DATABASE_URL": database_url})
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "alembic", "upgrade", "head"),
            cwd=ROOT,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode:
            raise DemoError("the database could not be migrated:\n" + output.decode(errors="replace")[-800:])

    async def start(self, module: str, *arguments: str, **settings: str) -> None:
        """Start `python -m module` with these settings; its output goes to `module.log`."""
        log = (self.folder / f"{module}.log").open("ab")
        self._logs.append(log)
        process = await self._spawn(module, arguments, settings, stdout=log, stderr=log)
        self._running.append((module, process))

    async def start_sandbox(self, telegram_port: str, http_port: str) -> dict[str, Any]:
        """Start `python -m sandbox` with a session file for the worker; return the JSON that it prints."""
        log = (self.folder / "sandbox.log").open("ab")
        self._logs.append(log)
        arguments = ("--json", "--state", "sandbox", "--session", "session/ai_assistant")
        ports = {"SANDBOX_TELEGRAM_PORT": telegram_port, "SANDBOX_HTTP_PORT": http_port}
        process = await self._spawn("sandbox", arguments, ports, stdout=asyncio.subprocess.PIPE, stderr=log)
        self._running.append(("sandbox", process))
        assert process.stdout is not None  # noqa: S101 - stdout is a pipe
        line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        if not line:
            raise DemoError(f"the sandbox did not start:\n{self.log_tail('sandbox')}")
        facts: dict[str, Any] = json.loads(line)
        return facts

    def find_ended(self) -> str | None:
        """Return the name of a process that has ended by itself, or None."""
        return next((name for name, process in self._running if process.returncode is not None), None)

    def log_tail(self, name: str) -> str:
        """Return the last lines of a process's log."""
        text = (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-8:])

    async def stop(self) -> None:
        """Stop all processes, the last started first; kill those that do not end in time."""
        for _, process in reversed(self._running):
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
        for _, process in reversed(self._running):
            try:
                await asyncio.wait_for(process.wait(), STOP_SECONDS)
            except TimeoutError:
                process.kill()
                await process.wait()
        for log in self._logs:
            log.close()

    async def _spawn(
        self,
        module: str,
        arguments: tuple[str, ...],
        settings: Mapping[str, str],
        *,
        stdout: int | IO[bytes],
        stderr: IO[bytes],
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", module, *arguments),
            cwd=self.folder,
            env=_environment(settings),
            stdout=stdout,
            stderr=stderr,
            # A Ctrl-C must reach only the demo, which stops the processes in order.
            start_new_session=True,
        )


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(_REAL_SETTINGS)}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}
