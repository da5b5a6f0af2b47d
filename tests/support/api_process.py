"""`python -m api` as its own process, as an operator runs it."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import ROOT

COMMAND = [sys.executable, "-m", "api"]


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """The settings alone, with a database in `folder` and any free port unless they say otherwise."""
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG"}}
    settings = {"DATABASE_URL": f"sqlite:///{folder}/new.db", "API_PORT": "0"} | settings
    return kept | settings | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A run that is expected to end by itself."""
    return subprocess.run(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@contextmanager
def serving(
    folder: Path, *arguments: str, **settings: str
) -> Iterator[tuple[subprocess.Popen[str], str, list[str]]]:
    """A running server: the process, its address, and the lines it has logged so far."""
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
        process.wait(15)
        reader.join(5)
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
