"""The doctor's words for each setup are those in docs/doctor.md."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.app import Sandbox, running
from tests.support.worker_command import run
from tests.worker.doctor.cases import CASES
from tests.worker.doctor.page import HEAD, PAGE, said, shown
from worker.doctor.findings import as_json, as_text, is_all_well

SHOWN = PAGE.read_text(encoding="utf-8")
HEALTHY = {"All is well", "A worker is running"}


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running() as sandbox:
        yield sandbox


@pytest.mark.parametrize("case", CASES)
async def test_what_it_says_is_what_the_page_shows(
    sandbox: Sandbox, tmp_path: Path, sqlite_template: Path, case: str
) -> None:
    findings = await said(sandbox, tmp_path, sqlite_template, case)
    assert shown(case, findings) in SHOWN
    assert is_all_well(findings) == (case in HEALTHY)
    text = as_text(findings, colours=True) + as_json(findings)
    assert "hunter2" not in text
    assert json.loads(as_json(findings))["ok"] == (case in HEALTHY)


def test_the_page_shows_nothing_else() -> None:
    assert SHOWN.startswith(HEAD)
    assert re.findall("^## (.+)$", SHOWN, re.MULTILINE) == list(CASES)


def test_the_command_at_no_terminal(tmp_path: Path) -> None:
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
