"""docs/doctor.md, generated from the doctor's output: `python -m tests.worker.doctor.page` rewrites it."""

import asyncio
import tempfile
from pathlib import Path

from sandbox.app import Sandbox, running
from tests.conftest import ROOT, migrate
from tests.worker.doctor.cases import CASES, complete_setup, normalize, process_environment
from worker.doctor import runner
from worker.doctor.findings import Finding, as_text

PAGE = ROOT / "docs" / "doctor.md"
HEAD = """\
# The doctor

`python -m worker doctor` checks everything the worker needs and prints how to fix each problem: settings,
database, migrations, proxies, Telegram, the account, the model, the booking page. It sends no Telegram
messages and asks the model for one reply. It does not open the session of a running worker: then it
reports the account from the worker's heartbeat and the database. Exit code 0 if all checks pass, else 1;
`--json` prints JSON. A line that starts with `-` was not checked, because another problem has to be fixed
first.

The examples below are the doctor's real output for setups that were broken on purpose.
"""


async def run_doctor(sandbox: Sandbox, folder: Path, template: Path, case: str) -> list[Finding]:
    """Return the doctor's findings in a case."""
    setup = complete_setup(sandbox, folder, template)
    with setup.open:
        await CASES[case](setup)
        with process_environment(setup.environment, folder):
            return await runner.run_checks()


def section(case: str, findings: list[Finding]) -> str:
    """Return the section of a case on the page."""
    return f"\n## {case}\n\n```\n{normalize(as_text(findings, colours=False))}\n```\n"


async def _write(folder: Path) -> None:
    template = folder / "template.db"
    migrate(f"sqlite:///{template}")
    parts = [HEAD]
    async with running() as sandbox:
        for number, case in enumerate(CASES):
            case_folder = folder / str(number)
            case_folder.mkdir()
            parts.append(section(case, await run_doctor(sandbox, case_folder, template, case)))
    PAGE.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(_write(Path(temporary)))
