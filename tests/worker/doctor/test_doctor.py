"""Tests that docs/doctor.md shows the doctor's output for each setup."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.app import Sandbox, running
from tests.support.worker_command import run
from tests.worker.doctor.cases import CASES
from tests.worker.doctor.page import HEAD, PAGE, run_doctor, section
from worker.doctor.findings import all_passed, as_json, as_text

PAGE_TEXT = PAGE.read_text(encoding="utf-8")
HEALTHY = {"All checks pass", "A worker is running", "The model's server knows no JSON schema"}


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running() as sandbox:
        yield sandbox


@pytest.mark.parametrize("case", CASES)
async def test_output_is_shown_on_the_page(
    sandbox: Sandbox, tmp_path: Path, sqlite_template: Path, case: str
) -> None:
    findings = await run_doctor(sandbox, tmp_path, sqlite_template, case)
    assert section(case, findings) in PAGE_TEXT
    assert all_passed(findings) == (case in HEALTHY)
    text = as_text(findings, colours=True) + as_json(findings)
    assert "hunter2" not in text
    assert json.loads(as_json(findings))["ok"] == (case in HEALTHY)


def test_page_shows_nothing_else() -> None:
    assert PAGE_TEXT.startswith(HEAD)
    assert re.findall("^## (.+)$", PAGE_TEXT, re.MULTILINE) == list(CASES)


def test_command_without_a_terminal_prints_no_colours_or_secrets(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", TELEGRAM_PROXY="hunter2", CALENDLY_LINK="http://a.example/x")
    assert (done.returncode, done.stderr) == (1, "")
    assert "\x1b" not in done.stdout
    assert "hunter2" not in done.stdout
    lines = {line[6:21].strip(): line[:4].strip() for line in done.stdout.splitlines() if "→" not in line}
    assert lines == {
        "settings": "FAIL",
        "database": "FAIL",
        "migrations": "-",
        "TELEGRAM_PROXY": "FAIL",
        "Telegram": "-",
        "account": "-",
        "model": "-",
        "booking page": "FAIL",
    }
