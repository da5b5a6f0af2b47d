"""Runs `python -m module` to its end in a forked process, for tests of what a command prints and returns.

A new Python takes 0.6 to 2 s of a core to load a program, a forked one 0.03 s (tests/support/processes.py).
"""

import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sandbox.demo.product_processes import ROOT, environment
from tests.support.processes import forked
from tests.support.waiting import patience_seconds


def run_module(
    module: str, folder: Path, variables: Mapping[str, str], *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Run a module in `folder` with exactly this environment until it ends; it has no input."""
    with tempfile.TemporaryDirectory() as outputs:
        out, err = Path(outputs, "out"), Path(outputs, "err")
        out.touch()
        err.touch()
        process = forked(module, folder, variables, (out, err), arguments)
        process.join(patience_seconds())
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(f"python -m {module}", patience_seconds())
        texts = [path.read_text(encoding="utf-8", errors="replace") for path in (out, err)]
        return subprocess.CompletedProcess(["python", "-m", module, *arguments], process.exitcode, *texts)


def run_alembic(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `alembic` with these arguments on a database, in a forked process."""
    return run_module("alembic", ROOT, environment({"DATABASE_URL": url, "OWNER_LANGUAGE": "en"}), *arguments)


def migrate(url: str) -> None:
    """Run `alembic upgrade head` on a database."""
    done = run_alembic(url, "upgrade", "head")
    assert done.returncode == 0, f"the database could not be migrated:\n{(done.stdout + done.stderr)[-800:]}"
