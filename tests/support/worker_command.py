"""Runs `python -m worker` as a subprocess, as a user does."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.waiting import patience_seconds

ROOT = Path(__file__).parent.parent.parent


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return the caller's environment with only these settings, and the session in `folder`."""
    prefixes = ("TELEGRAM_", "OPENAI_", "CALENDLY_", "COMPANY_", "DATABASE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    return kept | {"PYTHONPATH": str(ROOT), "TELEGRAM_SESSION_DIR": str(folder)} | dict(settings)


def command(*arguments: str) -> list[str]:
    """Return the command line of the worker."""
    return [sys.executable, "-m", "worker", *arguments]


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the worker in `folder` until it ends by itself."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(folder, settings),
        capture_output=True,
        text=True,
        timeout=patience_seconds(),
        check=False,
        stdin=subprocess.DEVNULL,
    )
