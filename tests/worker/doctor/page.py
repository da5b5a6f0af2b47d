"""The doctor's part of troubleshooting.md and .ru.md: `python -m tests.worker.doctor.page` rewrites it."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from sandbox.app import Sandbox, running
from shared.translations import Language, say
from tests.conftest import ROOT, migrate
from tests.worker.doctor.cases import CASES, RUSSIAN, complete_setup, normalize, process_environment
from worker.doctor import runner
from worker.doctor.findings import Finding, as_text, translated

FOLDER = ROOT / "docs" / "operate"
PAGES: Mapping[Language, Path] = {
    "en": FOLDER / "troubleshooting.md",
    "ru": FOLDER / "troubleshooting.ru.md",
}
BEGIN, END = "<!-- doctor: begin -->\n", "<!-- doctor: end -->\n"
# The first case, with the output that all others are compared with.
HEALTHY = next(iter(CASES))
TABLE_HEADS: Mapping[Language, str] = {
    "en": "\n| what is wrong | the doctor prints | do |\n|---|---|---|\n",
    "ru": "\n| что не так | что печатает доктор | что делать |\n|---|---|---|\n",
}


async def run_doctor(sandbox: Sandbox, folder: Path, template: Path, case: str) -> list[Finding]:
    """Return the doctor's findings in a case."""
    setup = complete_setup(sandbox, folder, template)
    with setup.open:
        await CASES[case](setup)
        with process_environment(setup.environment, folder):
            return await runner.run_checks()


def healthy_output(language: Language, findings: Sequence[Finding]) -> str:
    """Return the whole output if nothing is wrong."""
    return f"```\n{normalize(as_text(findings, language, colours=False))}\n```\n"


def rows(language: Language, case: str, findings: Sequence[Finding], healthy: Sequence[Finding]) -> str:
    """Return a row for each failed finding; without one, for each that differs from the healthy ones."""
    usual = {normalize(finding.said) for finding in healthy}
    changed = [finding for finding in findings if finding.is_well and normalize(finding.said) not in usual]
    shown = [finding for finding in findings if finding.is_well is False] or changed
    name = case if language == "en" else RUSSIAN[case]
    return "".join(_row(language, name if number == 0 else "", found) for number, found in enumerate(shown))


def _row(language: Language, first_cell: str, finding: Finding) -> str:
    label = say(language, "ok" if finding.is_well else "FAIL")
    finding = translated(finding, language)
    cells = (first_cell, f"`{label}` {finding.name}: {normalize(finding.said)}", finding.remedy or "")
    return "| " + " | ".join(_cell(text) for text in cells) + " |\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("***", "\\*\\*\\*")


def generated(language: Language) -> str:
    """Return the part of the page between the marks."""
    return PAGES[language].read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


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
    for language, page in PAGES.items():
        table = "".join(rows(language, case, findings, healthy) for case, findings in results.items())
        text = page.read_text(encoding="utf-8")
        written = healthy_output(language, healthy) + TABLE_HEADS[language] + table
        page.write_text(text.replace(BEGIN + generated(language), BEGIN + written), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(_write(Path(temporary)))
