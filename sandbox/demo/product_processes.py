"""Starts the product's own processes as a user would, and stops them again."""

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

# Settings that a user may have for real work: the demo must not see them, and so touch nobody real.
_REAL = ("TELEGRAM_", "OPENAI_", "CALENDLY_", "COMPANY_", "API_TOKEN", "TILDA_", "OUTREACH_", "SANDBOX_")


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


class Processes:
    """Everything the demo has started; logs go to files in `folder`, which is also where they run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[tuple[str, asyncio.subprocess.Process]] = []
        self._logs: list[IO[bytes]] = []

    async def migrate(self, database_url: str) -> None:
        """`alembic upgrade head`, to its end."""
        environment = _environment({"DATABASE_URL": database_url})
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "alembic", "upgrade", "head"),
            cwd=ROOT,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode:
            raise DemoError("the database could not be migrated:\n" + said.decode(errors="replace")[-800:])

    async def start(self, module: str, *arguments: str, **settings: str) -> None:
        """`python -m module` with these settings, its output in `module.log`."""
        log = (self.folder / f"{module}.log").open("ab")
        self._logs.append(log)
        process = await self._spawn(module, arguments, settings, stdout=log, stderr=log)
        self._running.append((module, process))

    async def start_sandbox(self, telegram_port: str, http_port: str) -> dict[str, Any]:
        """`python -m sandbox` with a session file for the worker; what it says of its addresses."""
        log = (self.folder / "sandbox.log").open("ab")
        self._logs.append(log)
        arguments = ("--json", "--state", "sandbox", "--session", "session/ai_assistant")
        ports = {"SANDBOX_TELEGRAM_PORT": telegram_port, "SANDBOX_HTTP_PORT": http_port}
        process = await self._spawn("sandbox", arguments, ports, stdout=asyncio.subprocess.PIPE, stderr=log)
        self._running.append(("sandbox", process))
        assert process.stdout is not None  # noqa: S101 - asked for above
        line = await asyncio.wait_for(process.stdout.readline(), READY_SECONDS)
        if not line:
            raise DemoError(f"the sandbox did not start:\n{self.last_words('sandbox')}")
        facts: dict[str, Any] = json.loads(line)
        return facts

    def ended(self) -> str | None:
        """The name of a process that has ended by itself, if any."""
        return next((name for name, process in self._running if process.returncode is not None), None)

    def last_words(self, name: str) -> str:
        """The end of a process's log."""
        text = (self.folder / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-8:])

    async def stop(self) -> None:
        """Stop all, the last started first; whoever does not end in time is killed."""
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
            # A Ctrl-C is the demo's to pass on, in order.
            start_new_session=True,
        )


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    inherited = {key: value for key, value in os.environ.items() if not key.startswith(_REAL)}
    return {**inherited, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **settings}
