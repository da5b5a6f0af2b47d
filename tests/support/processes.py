"""Runs `python -m module` in a process that is forked from one with the modules already loaded.

Loading Kurigram, SQLAlchemy and the OpenAI SDK takes two seconds of a core, and the suite starts hundreds
of processes. The code that runs and the ways to kill it are the same. Tests of the help, of logins from a
pipe and of the served api start a new Python.
"""

import gc
import itertools
import multiprocessing
import os
import runpy
import signal
import sys
import warnings
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

from sandbox.demo.product_processes import environment
from tests.support.waiting import PATIENCE_SECONDS, patience_seconds, until

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
    """A module that runs as `__main__` in `folder`; its output goes to the file `log`."""

    def __init__(self, module: str, folder: Path, settings: Mapping[str, str], *arguments: str) -> None:
        self.log = folder / f"{module}-{next(_numbers)}.log"
        self.log.touch()
        self._process = forked(module, folder, environment(settings), (self.log, self.log), arguments)

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while the process runs; the negated number of the signal that killed it."""
        return self._process.exitcode

    def wait_for_log(self, text: str) -> None:
        """Wait until the log contains `text`; AssertionError if the process ends before."""
        until(lambda: text in self.text() or self.exit_code is not None, f"{self.log.name} has {text!r}")
        assert text in self.text(), self.text()

    def text(self) -> str:
        """Everything that the process has printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def send_signal(self, number: int) -> None:
        """Send a signal if the process still runs."""
        if self.exit_code is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait until the process ends by itself; returns the exit code."""
        self._process.join(patience_seconds(seconds))
        assert self.exit_code is not None, f"{self.log.name} still runs after {seconds} s:\n{self.text()}"
        return self.exit_code

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait for the end; returns the exit code."""
        self.send_signal(number)
        return self.wait()

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        self._process.kill()
        self._process.join()


def forked(
    module: str,
    folder: Path,
    environment: Mapping[str, str],
    outputs: tuple[Path, Path],
    arguments: Sequence[str],
) -> BaseProcess:
    """Start a module in `folder`; its output and errors are added to these two files."""
    process = _forks.Process(target=_run, args=(module, folder, environment, outputs, arguments), daemon=True)
    process.start()
    return process


def forked_at_terminal(
    module: str, folder: Path, environment: Mapping[str, str], terminal: str, arguments: Sequence[str]
) -> BaseProcess:
    """Start a module in `folder` at this terminal, from which Ctrl-C reaches it."""
    process = _forks.Process(
        target=_run_at_terminal, args=(module, folder, environment, terminal, arguments), daemon=True
    )
    process.start()
    return process


def _run(
    module: str,
    folder: Path,
    environment: Mapping[str, str],
    outputs: tuple[Path, Path],
    arguments: Sequence[str],
) -> None:
    for stream, path in enumerate(outputs, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), stream)
    _become(module, folder, environment, arguments)


def _run_at_terminal(
    module: str, folder: Path, environment: Mapping[str, str], terminal: str, arguments: Sequence[str]
) -> None:
    # A process in the background of a shell ignores Ctrl-C, and the processes forked from it inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.login_tty(os.open(terminal, os.O_RDWR))
    # Until here it is an empty file.
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    _become(module, folder, environment, arguments)


def _become(module: str, folder: Path, environment: Mapping[str, str], arguments: Sequence[str]) -> None:
    sys.stdout.reconfigure(line_buffering=True)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if environment.get("PYTHONWARNINGS") == "error":
        # Python reads the variable when it starts, which was before the fork.
        warnings.simplefilter("error")
    # The api collects its garbage when it starts: 0.2 s, with the modules of all programs.
    gc.freeze()
    sys.argv = [module, *arguments]
    sys.modules.pop(f"{module}.__main__", None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)
