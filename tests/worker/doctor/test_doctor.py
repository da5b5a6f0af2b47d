"""Tests that docs/operate/troubleshooting.md and .ru.md show the doctor's output for each setup."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.app import Sandbox, running
from tests.support.worker_command import run
from tests.worker.doctor.cases import CASES, RUSSIAN
from tests.worker.doctor.page import (
    HEALTHY,
    PAGES,
    TABLE_HEADS,
    generated,
    healthy_output,
    rows,
    run_doctor,
)
from worker.doctor.findings import Finding, all_passed, as_json, as_text

NOTHING_WRONG = {
    HEALTHY,
    "Messages are written as the example company",
    "The session is of the sandbox, as in the demo",
    "A worker is running",
    "The model's server knows no JSON schema",
}


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with running() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
async def healthy(
    sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> list[Finding]:
    return await run_doctor(sandbox, tmp_path_factory.mktemp("healthy"), sqlite_template, HEALTHY)


@pytest.mark.parametrize("case", CASES)
async def test_output_is_shown_on_the_page(
    sandbox: Sandbox, tmp_path: Path, sqlite_template: Path, case: str, healthy: list[Finding]
) -> None:
    findings = await run_doctor(sandbox, tmp_path, sqlite_template, case)
    for language in PAGES:
        is_healthy = case == HEALTHY
        shown = healthy_output(language, findings) if is_healthy else rows(language, case, findings, healthy)
        assert shown
        assert shown in generated(language)
    assert all_passed(findings) == (case in NOTHING_WRONG)
    text = as_text(findings, colours=True) + as_json(findings)
    assert "hunter2" not in text
    assert json.loads(as_json(findings))["ok"] == (case in NOTHING_WRONG)


def test_page_shows_nothing_else() -> None:
    for language, head in TABLE_HEADS.items():
        table = generated(language).partition(head)[2].splitlines()
        named = [row.split(" | ")[0].removeprefix("| ") for row in table]
        names = [case if language == "en" else RUSSIAN[case] for case in CASES if case != HEALTHY]
        assert [name for name in named if name.strip("| ")] == names


def test_command_without_a_terminal_prints_no_colours_or_secrets(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", TELEGRAM_PROXY="hunter2", CALENDLY_LINK="http://a.example/x")
    assert (done.returncode, done.stderr) == (1, "")
    assert "\x1b" not in done.stdout
    assert "hunter2" not in done.stdout
    lines = {line[6:21].strip(): line[:4].strip() for line in done.stdout.splitlines() if "→" not in line}
    assert lines == {
        "settings": "FAIL",
        "company": "ok",
        "first messages": "ok",
        "database": "FAIL",
        "migrations": "-",
        "TELEGRAM_PROXY": "FAIL",
        "Telegram": "-",
        "account": "-",
        "model": "-",
        "trust": "-",
        "booking page": "FAIL",
    }
