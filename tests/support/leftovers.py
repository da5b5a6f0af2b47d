"""Finds what a test leaves behind, so that the test that caused it fails and not the next one.

Looked for: child processes that still run, and objects such as unclosed transports, which warn when the
garbage collector finds them. A look at all processes takes 16 ms. Both are done only after tests that
started a process or opened a connection; an audit hook notices those.

A collection of everything takes 100 ms, a quarter of the suite's time. So what survives a collection is
frozen, and the next one looks only at what was made since. What fixtures of a longer scope made is looked at
again when they end, and everything at the end of the run.
"""

import gc
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker

import psutil

from tests.support.waiting import patience_seconds

_STARTS_PROCESS = frozenset({"subprocess.Popen", "os.fork", "os.forkpty", "os.posix_spawn"})
_OPENS_CONNECTION = frozenset({"socket.connect", "socket.bind"})
# How long a process that was killed may take to be gone.
_GRACE_SECONDS = 1.0

Pids = Callable[[], set[int]]


class LeftoverWatch:
    """One for the whole run: `install` it, then `begin` and `end` every test."""

    def __init__(self) -> None:
        self._events: set[str] = set()
        self._exempt: set[int] = set()
        self._owners: list[Pids] = []
        self._long_scopes = 0
        self._fixtures_live = False

    def install(self) -> None:
        """Begin to notice; an audit hook cannot be removed."""
        sys.addaudithook(self._audit)

    def begin(self) -> set[int]:
        """Start watching a test; returns the processes that `multiprocessing` runs already."""
        self._events.clear()
        return _forked()

    def end(self, before: set[int]) -> list[str]:
        """Kill the processes that the test left and return a line about each; collect its garbage."""
        started = _forked() - before
        found: list[str] = []
        if started or "process" in self._events:
            allowed = before.union(self._exempt, _helpers(), *(pids() for pids in self._owners))
            found = _kill((started | _children()) - allowed)
        if self._events:
            self.collect_garbage()
        return found

    def collect_garbage(self) -> None:
        """Collect what was made since the last call, and exclude what is left from later collections."""
        gc.collect()
        gc.freeze()

    def end_of_module(self) -> None:
        """Collect everything, if a fixture of a longer scope than a test was set up."""
        if self._fixtures_live:
            self._fixtures_live = False
            self.collect_everything()

    def collect_everything(self) -> None:
        """Collect also what earlier calls have excluded."""
        gc.unfreeze()
        self.collect_garbage()

    @contextmanager
    def long_scope(self) -> Iterator[None]:
        """Processes that start in this block belong to a fixture that outlives the test."""
        events, forked = self._events.copy(), _forked()
        # Without a process of the test itself, every child belongs to a longer scope.
        children = _children() if "process" in events else set()
        self._events.clear()
        self._fixtures_live = True
        self._long_scopes += 1
        try:
            yield
        finally:
            self._long_scopes -= 1
            if "process" in self._events:
                self._exempt |= _children() - children
            self._exempt |= _forked() - forked
            self._events.clear()
            self._events |= events

    def add_owner(self, pids: Pids) -> None:
        """Exempt the processes that `pids` names at the end of a test, if their owner outlives the test."""
        if self._long_scopes:
            self._owners.append(pids)

    def remove_owner(self, pids: Pids) -> None:
        """The owner has ended its processes."""
        self._owners = [other for other in self._owners if other != pids]

    def _audit(self, event: str, _arguments: tuple[object, ...]) -> None:
        if event in _STARTS_PROCESS:
            self._events.add("process")
        elif event in _OPENS_CONNECTION:
            self._events.add("connection")


WATCH = LeftoverWatch()


def _forked() -> set[int]:
    """Processes of the fork server, which are no children of this one."""
    return {process.pid for process in multiprocessing.active_children() if process.pid is not None}


def _helpers() -> set[int]:
    """`multiprocessing` keeps these two until the end of the run."""
    servers = (forkserver._forkserver._forkserver_pid, resource_tracker._resource_tracker._pid)
    return {pid for pid in servers if pid is not None}


def _children() -> set[int]:
    return {child.pid for child in psutil.Process().children()}


def _kill(pids: set[int]) -> list[str]:
    found = []
    deadline = time.monotonic() + patience_seconds(_GRACE_SECONDS)
    for pid in sorted(pids):
        try:
            process = psutil.Process(pid)
            command = " ".join(process.cmdline())
            while _runs(process) and time.monotonic() < deadline:
                time.sleep(0.01)
            if _runs(process):
                process.kill()
                found.append(f"process {pid} still runs: {command}")
        except psutil.NoSuchProcess:
            continue
    return found


def _runs(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
