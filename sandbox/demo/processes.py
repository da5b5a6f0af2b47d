"""The processes of the demo, and the worker that is started again after it was killed."""

import signal
from pathlib import Path

from sandbox.demo.product_processes import Process, ProcessError

WORKER_PID = "worker.pid"


class DemoError(ProcessError):
    """The demo cannot continue; the message contains the reason and the remedy."""


class Processes:
    """The processes of the demo; `folder` is their working directory and contains their logs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: list[Process] = []
        self._worker: Process | None = None
        self._worker_settings: dict[str, str] = {}

    async def start(self, name: str, *arguments: str, **settings: str) -> Process:
        """Start `python -m name` with these settings."""
        process = await Process.start(name, self.folder, settings, "-m", name, *arguments)
        self._running.append(process)
        return process

    async def start_worker(self, **settings: str) -> Process:
        """Start the worker and store its process id in a file: the demo page has a button that kills it."""
        self._worker_settings = settings
        self._worker = await self.start("worker", **settings)
        draft = self.folder / f"{WORKER_PID}.new"
        draft.write_text(str(self._worker.pid))
        draft.replace(self.folder / WORKER_PID)
        return self._worker

    async def check(self) -> bool:
        """Start the worker again if it was killed; return True then.

        Raises DemoError if a process has ended by itself.
        """
        for process in self._running:
            if not process.has_ended:
                continue
            if process is self._worker and process.exit_code == -signal.SIGKILL:
                self._running.remove(process)
                await self.start_worker(**self._worker_settings)
                return True
            raise DemoError(f"{process.name} has ended; its log ends:\n{process.last_lines()}")
        return False

    async def stop(self) -> None:
        """Stop all processes, the last started first."""
        (self.folder / WORKER_PID).unlink(missing_ok=True)
        for process in reversed(self._running):
            process.terminate()
        for process in reversed(self._running):
            await process.join()
