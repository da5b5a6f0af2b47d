"""Runs `python -m api` as a process, as an operator does."""

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.demo import product_processes
from tests.support.commands import run_module
from tests.support.waiting import patience_seconds

COMMAND = [sys.executable, "-m", "api"]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Return an environment with these settings; by default a new database, any free port, English."""
    usual = {"DATABASE_URL": f"sqlite:///{folder}/new.db", "API_PORT": "0", "PYTHONWARNINGS": "error"}
    usual |= {"OWNER_LANGUAGE": "en"}
    return product_processes.environment(usual | settings)


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command until it exits, in a forked process."""
    return run_module("api", folder, environment(folder, **settings), *arguments)


def run_new_python(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """The same in a new Python, which takes a second of a core."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=patience_seconds(),
        check=False,
    )


@contextmanager
def serving(
    folder: Path, *arguments: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """Start a server and yield the process, its address, and the lines logged so far."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **settings),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    lines: list[str] = []
    try:
        for line in process.stderr:
            lines.append(line)
            if match := re.search(r"listening on (http://\S+)", line):
                break
        else:
            raise AssertionError("".join(lines))
        reader = threading.Thread(target=lambda: lines.extend(process.stderr or ()))
        reader.start()
        yield process, match.group(1), lines
        process.terminate()
        process.wait(patience_seconds())
        reader.join(patience_seconds())
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
