"""`python -m tests.first_day`: runs all cases and writes table.md."""

import tempfile
from pathlib import Path

from tests.first_day.running import HEAD, TABLE, Case, load, read, row


def _row(number: int, case: Case) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return row(number, case, read(case, Path(folder)))


if __name__ == "__main__":
    rows = [_row(number, case) for number, case in enumerate(load(), 1)]
    TABLE.write_text(HEAD + "".join(rows), encoding="utf-8")
