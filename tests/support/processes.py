"""`python -m module` as a process of its own, forked from one that has the modules loaded already.

Loading Kurigram, SQLAlchemy and the OpenAI SDK takes two seconds of a core; the suite starts hundreds of
processes. What runs, and how it can be killed, is the same; the commands' own tests start Python anew.
"""

import itertools
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path

from tests.support.waiting import until

_PRELOADED = [
    "api.main",
    "uvicorn",
    "sandbox.app",
    "worker.runtime.worker_process",
    "worker.__main__",
    "alembic.command",
]
_numbers = itertools.count(1)
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(_PRELOADED)


class Process:
    """A module running as `__main__` in `folder`, with its output in a file."""

    def __init__(self, module: str, folder: Path, settings: Mapping[str, str], *arguments: str) -> None:
        self.log = folder / f"{module}-{next(_numbers)}.log"
        self.log.touch()
        inherited = {
            key: value for key, value in os.environ.items() if key not in {"API_TOKEN", "TILDA_TOKEN"}
        }
        call = (module, folder, {**inherited, **settings}, self.log, arguments)
        self._process: BaseProcess = _forks.Process(target=_run, args=call, daemon=True)
        self._process.start()

    @property
    def pid(self) -> int:
        """Its number."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negated signal if one has killed it."""
        return self._process.exitcode

    def says(self, text: str) -> None:
        """Wait until the log holds `text`."""
        until(lambda: text in self.text() or self.exit_code is not None, f"{self.log.name} says {text!r}")
        assert text in self.text(), self.text()

    def text(self) -> str:
        """Everything it has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def send_signal(self, number: int) -> None:
        """Signal it, if it still runs."""
        if self.exit_code is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float = 40) -> int:
        """Its exit code, once it has ended by itself."""
        self._process.join(seconds)
        assert self.exit_code is not None, f"{self.log.name} still runs after {seconds} s:\n{self.text()}"
        return self.exit_code

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; gives the exit code."""
        self.send_signal(number)
        return self.wait()


def _run(
    module: str, folder: Path, environment: Mapping[str, str], log: Path, arguments: tuple[str, ...]
) -> None:
    output = os.open(log, os.O_WRONLY | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(output, stream)
    sys.stdout.reconfigure(line_buffering=True)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    sys.modules.pop(f"{module}.__main__", None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
