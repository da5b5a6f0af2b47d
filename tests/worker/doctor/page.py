"""The doctor's part of docs/operate/troubleshooting.md: `python -m tests.worker.doctor.page` rewrites it."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sandbox.app import Sandbox, running
from tests.conftest import ROOT, migrate
from tests.worker.doctor.cases import CASES, complete_setup, normalize, process_environment
from worker.doctor import runner
from worker.doctor.findings import Finding, as_text

PAGE = ROOT / "docs" / "operate" / "troubleshooting.md"
BEGIN, END = "<!-- doctor: begin -->\n", "<!-- doctor: end -->\n"
# The first case, with the output that all others are compared with.
HEALTHY = next(iter(CASES))
TABLE_HEAD = "\n| what is wrong | the doctor prints | do |\n|---|---|---|\n"


async def run_doctor(sandbox: Sandbox, folder: Path, template: Path, case: str) -> list[Finding]:
    """Return the doctor's findings in a case."""
    setup = complete_setup(sandbox, folder, template)
    with setup.open:
        await CASES[case](setup)
        with process_environment(setup.environment, folder):
            return await runner.run_checks()


def healthy_output(findings: Sequence[Finding]) -> str:
    """Return the whole output if nothing is wrong."""
    return f"```\n{normalize(as_text(findings, colours=False))}\n```\n"


def rows(case: str, findings: Sequence[Finding], healthy: Sequence[Finding]) -> str:
    """Return a row for each failed finding; without one, for each that differs from the healthy ones."""
    usual = {normalize(finding.said) for finding in healthy}
    changed = [finding for finding in findings if finding.is_well and normalize(finding.said) not in usual]
    shown = [finding for finding in findings if finding.is_well is False] or changed
    return "".join(_row(case if number == 0 else "", finding) for number, finding in enumerate(shown))


def _row(first_cell: str, finding: Finding) -> str:
    label = "ok" if finding.is_well else "FAIL"
    cells = (first_cell, f"`{label}` {finding.name}: {normalize(finding.said)}", finding.remedy or "")
    return "| " + " | ".join(_cell(text) for text in cells) + " |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("***", "\\*\\*\\*")


def generated() -> str:
    """Return the part of the page between the marks."""
    return PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


async def _write(folder: Path) -> None:
    template = folder / "template.db"
    migrate(f"sqlite:///{template}")
    results: dict[str, list[Finding]] = {}
    async with running() as sandbox:
        for number, case in enumerate(CASES):
            case_folder = folder / str(number)
            case_folder.mkdir()
            results[case] = await run_doctor(sandbox, case_folder, template, case)
    healthy = results.pop(HEALTHY)
    table = "".join(rows(case, findings, healthy) for case, findings in results.items())
    text = PAGE.read_text(encoding="utf-8")
    written = healthy_output(healthy) + TABLE_HEAD + table
    PAGE.write_text(text.replace(BEGIN + generated(), BEGIN + written), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(_write(Path(temporary)))
