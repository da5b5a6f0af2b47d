"""The page docs/develop/environment-faults.md, made from the table and from a run."""

import re
from collections.abc import Mapping

from tests.chaos.environment.fault_table import ROWS, Row
from tests.chaos.environment.observation import Said
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "develop" / "environment-faults.md"
_HEAD = """\
# Faults of the environment

A machine, a disk, a clock or a network that fails. `python -m tests.chaos.environment` makes the faults of
a running database, and writes this page from what every part of the product said. `make chaos` tests all of
them, the suite those that are quick. While a fault lasts, no process ends. After it the same form is stored,
and its lead is greeted once.

Each form gets 503 with Retry-After within 10 seconds, and `/readyz` answers 503 within 5. The owner is told
after two minutes, in OWNER_LANGUAGE: “The database has stored nothing since …”, with the reason that the
worker's column has.

"""
_ADDRESS = re.compile(r"postgresql://\S+?(?=/leads)|/tmp/\S+?\.db|port \d+")
_TABLE = (
    "| | fault | before | a form reads | `/readyz` | worker's health, status | doctor |\n"
    "|---|---|---|---|---|---|---|\n"
)
_OTHERS = "\n## Other faults\n\n| | kind | fault | before | now | shown by |\n|---|---|---|---|---|---|\n"


def text(said: Mapping[tuple[str, str], Said]) -> str:
    """Return the page; `said` by kind and name."""
    numbered = list(enumerate(ROWS, start=1))
    parts = [_HEAD]
    for kind in ("PostgreSQL", "SQLite"):
        parts += [f"## A running {kind}\n\n{_TABLE}"]
        parts += [
            _running(number, row, said[kind, row.name])
            for number, row in numbered
            if row.kind == kind and not row.now
        ]
        parts.append("\n")
    parts[-1] = _OTHERS
    parts += [_other(number, row) for number, row in numbered if row.now]
    return "".join(parts)


def _running(number: int, row: Row, said: Said) -> str:
    worker = said.worker if said.worker == said.status else f"{said.worker}; status: {said.status}"
    form, ready = (
        f"{told} ({seconds:.1f} s)"
        for told, seconds in ((said.form, said.form_seconds), (said.ready, said.ready_seconds))
    )
    return _line(str(number), row.name, row.before, form, ready, worker, _ADDRESS.sub("…", said.doctor))


def _other(number: int, row: Row) -> str:
    file = row.shown_by.partition("::")[0]
    return _line(str(number), row.kind, row.name, row.before, row.now, file)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cell.replace('|', '¦') for cell in cells)} |\n"
