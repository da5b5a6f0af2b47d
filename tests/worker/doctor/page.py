"""docs/doctor.md, made of what the doctor says: `python -m tests.worker.doctor.page` writes it anew."""

import asyncio
import tempfile
from pathlib import Path

from sandbox.app import Sandbox, running
from tests.conftest import ROOT, migrate
from tests.worker.doctor.cases import CASES, only, stable, whole
from worker.doctor import runner
from worker.doctor.findings import Finding, as_text

PAGE = ROOT / "docs" / "doctor.md"
HEAD = """\
# The doctor

`python -m worker doctor` looks at everything the worker needs and says what is to be mended, and how:
settings, database, migrations, proxies, Telegram, the account, the model, the booking page. It writes to
nobody, asks the model one tiny question, and leaves a running worker's session alone: what it tells of the
account then is the worker's own word. Exit code 0 if all is well, else 1; `--json` for programs. A line that
starts with `-` was not looked at, because of another one.

What follows is what it really said, before setups that were broken on purpose.
"""


async def said(sandbox: Sandbox, folder: Path, template: Path, case: str) -> list[Finding]:
    """What the doctor finds in a case."""
    setup = whole(sandbox, folder, template)
    with setup.open:
        await CASES[case](setup)
        with only(setup.environment, folder):
            return await runner.examine()


def shown(case: str, findings: list[Finding]) -> str:
    """A case's part of the page."""
    return f"\n## {case}\n\n```\n{stable(as_text(findings, colours=False))}\n```\n"


async def _write(folder: Path) -> None:
    template = folder / "template.db"
    migrate(f"sqlite:///{template}")
    parts = [HEAD]
    async with running() as sandbox:
        for number, case in enumerate(CASES):
            place = folder / str(number)
            place.mkdir()
            parts.append(shown(case, await said(sandbox, place, template, case)))
    PAGE.write_text("".join(parts), encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as somewhere:
        asyncio.run(_write(Path(somewhere)))
