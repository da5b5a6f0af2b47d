"""Adds the console's user of the demo, by the product's own command."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.demo.product_processes import READY_SECONDS, ProcessError, environment

NAME = "Demo"


def add_user(settings: Mapping[str, str], link_file: Path) -> None:
    """Add the user, or reset them if an earlier demo has added them; store the one-time link in a file.

    Raises ProcessError if both fail, or if the database has other users: the visitors of the demo page are
    signed in, and may read everything.
    """
    listed = _run(link_file.parent, settings, "list").stdout.splitlines()
    if any(not line.startswith((f"{NAME}  ", "there are no users")) for line in listed):
        raise ProcessError("the database has users of the console: the demo needs a database of its own")
    done = _run(link_file.parent, settings, "add", NAME, "--role", "owner")
    if done.returncode:
        done = _run(link_file.parent, settings, "reset", NAME)
    if done.returncode:
        raise ProcessError(f"the console's user could not be added:\n{(done.stdout + done.stderr)[-800:]}")
    link_file.unlink(missing_ok=True)
    with os.fdopen(os.open(link_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(done.stdout)


def _run(folder: Path, settings: Mapping[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - the product's own command
        [sys.executable, "-m", "api", "user", *arguments],
        cwd=folder,
        env=environment(settings),
        capture_output=True,
        text=True,
        check=False,
        timeout=READY_SECONDS,
    )
