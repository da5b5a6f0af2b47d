"""Tests `python -m worker`: help, exit codes and one-line errors."""

import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from shared.clock import utc_now
from tests.conftest import ROOT
from tests.support.worker_command import run
from worker.monitoring import health_report

TELEGRAM = {"TELEGRAM_API_ID": "1", "TELEGRAM_API_HASH": "hash"}


def test_help_lists_the_commands_and_a_new_python_finds_their_modules(tmp_path: Path) -> None:
    # The other tests fork a Python that has loaded all modules already.
    source = (ROOT / "worker/__main__.py").read_text(encoding="utf-8")
    imports = re.findall(r"^ +(from worker\.\S+ import [^#\n]+?) *# noqa: PLC0415$", source, re.MULTILINE)
    assert len(imports) >= 8
    program = "\n".join([*imports, "from worker.__main__ import main", "main()"])
    done = subprocess.run(
        [sys.executable, "-c", program, "--help"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for command in ("login", "health", "doctor", "status"):
        assert f"    {command} " in done.stdout
    assert "exit codes" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("arguments", [(), ("login",), ("health",)])
def test_missing_settings_are_reported_in_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("error: TELEGRAM_API_ID: is not set")
    assert "TELEGRAM_API_HASH: is not set" in done.stderr
    assert done.stdout == ""


def test_only_missing_settings_are_named(tmp_path: Path) -> None:
    done = run(tmp_path, **TELEGRAM, CALENDLY_LINK="https://calendly.com/x")
    assert done.returncode == 2
    assert done.stderr.startswith("error: OPENAI_API_KEY: is not set")
    assert done.stderr.count("\n") == 1
    assert "TELEGRAM_API_ID" not in done.stderr


def test_unknown_command_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "sing")
    assert done.returncode == 2
    assert "sing" in done.stderr


def test_health_exit_code_and_output_depend_on_the_heartbeat(tmp_path: Path) -> None:
    missing = run(tmp_path, "health", **TELEGRAM)
    assert (missing.returncode, "is missing" in missing.stdout) == (1, True)
    path = tmp_path / "ai_assistant.health"
    health_report.write(path, health_report.Report("standby"), now=utc_now())
    recent = run(tmp_path, "health", **TELEGRAM)
    assert (recent.returncode, recent.stdout) == (0, "alive, standby\n")
    health_report.write(path, health_report.Report("connected"), now=utc_now() - timedelta(minutes=2))
    stale = run(tmp_path, "health", **TELEGRAM)
    assert (stale.returncode, "s ago (connected)" in stale.stdout) == (1, True)


def test_missing_session_exits_with_3_and_names_the_login_command(tmp_path: Path, sqlite_url: str) -> None:
    done = run(
        tmp_path,
        **TELEGRAM,
        OPENAI_API_KEY="sk-test",
        CALENDLY_LINK="https://calendly.com/x",
        DATABASE_URL=sqlite_url,
    )
    assert done.returncode == 3
    assert "python -m worker login" in done.stderr
    assert "Traceback" not in done.stderr
    health = run(tmp_path, "health", **TELEGRAM)
    assert (health.returncode, "the worker has ended" in health.stdout) == (1, True)
