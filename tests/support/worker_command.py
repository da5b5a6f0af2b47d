"""Runs `python -m worker` as a subprocess, as a user does."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from sandbox.demo import product_processes
from tests.support.commands import run_module


def environment(folder: Path, settings: Mapping[str, str]) -> dict[str, str]:
    """Return an environment with these settings, the session in `folder`, and commands in English."""
    usual = {"TELEGRAM_SESSION_DIR": str(folder), "OWNER_LANGUAGE": "en"}
    return product_processes.environment(usual | dict(settings))


def command(*arguments: str) -> list[str]:
    """Return the command line of the worker."""
    return [sys.executable, "-m", "worker", *arguments]


def run(folder: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the worker in `folder` until it ends by itself, in a forked process."""
    return run_module("worker", folder, environment(folder, settings), *arguments)
