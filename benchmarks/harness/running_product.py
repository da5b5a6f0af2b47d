"""Runs the sandbox and workers with settings that remove all limits and pauses."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.harness.processes import Process, running
from sandbox.demo.product_processes import SANDBOX_ARGUMENTS, sandbox_facts, worker_settings


@dataclass(frozen=True)
class Sandbox:
    """The running sandbox (fake Telegram and fake OpenAI); `facts` is the JSON that it prints at start."""

    process: Process
    facts: Mapping[str, Any]

    @property
    def control(self) -> str:
        """The address of the control API."""
        return str(self.facts["http"])

    @property
    def worker_settings(self) -> dict[str, str]:
        """The settings of a worker that uses this sandbox."""
        return worker_settings(self.facts)


@asynccontextmanager
async def sandbox(folder: Path) -> AsyncIterator[Sandbox]:
    """Run `python -m sandbox` with a signed-in session for a worker that runs in `folder`."""
    (folder / "session").mkdir(exist_ok=True)
    async with running("sandbox", folder, {}, "-m", "sandbox", *SANDBOX_ARGUMENTS) as process:
        yield Sandbox(process, await sandbox_facts(process))


async def sign_in(folder: Path, running_sandbox: Sandbox, name: str, phone: str) -> None:
    """Create another account and its session file, for a worker with TELEGRAM_SESSION_NAME `name`."""
    async with httpx2.AsyncClient(base_url=running_sandbox.control, timeout=20) as control:
        account = (await control.post("/accounts", json={"phone": phone})).raise_for_status().json()
        session = (await control.post(f"/accounts/{account['id']}/session")).raise_for_status()
    (folder / "session" / f"{name}.session").write_bytes(session.content)


@asynccontextmanager
async def worker(
    folder: Path, database_url: str, running_sandbox: Sandbox, **settings: str
) -> AsyncIterator[Process]:
    """Run `python -m worker` and wait until it is ready."""
    own = {**running_sandbox.worker_settings, "DATABASE_URL": database_url, **settings}
    async with running("worker", folder, own) as process:
        await process.wait_for_output("ready as ")
        yield process
