"""`python -m worker` as a user runs it."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """The caller's, with no settings but these, and the session in `folder`."""
    ours = ("TELEGRAM_", "OPENAI_", "CALENDLY_", "COMPANY_", "DATABASE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONPATH": str(ROOT), "TELEGRAM_SESSION_DIR": str(folder)} | dict(settings)


def command(*arguments: str) -> list[str]:
    """The command line."""
    return [sys.executable, "-m", "worker", *arguments]


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run it in `folder` until it ends by itself."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=environment(folder, settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )
