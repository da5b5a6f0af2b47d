"""`python -m tests.chaos.sweep`: every error of Telegram in every method that the worker calls.

Prints a line for each part that is done and for each broken invariant, and a table of methods × errors.
"""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.chaos.sweep.failures import all_failures, sample
from tests.chaos.sweep.sweep import (
    LEAD_METHODS,
    SESSION_METHODS,
    Case,
    Row,
    sweep_leads,
    sweep_sessions,
    table,
)
from tests.conftest import migrate

METHODS = (*LEAD_METHODS, *SESSION_METHODS)
# Rounds of one part; a process runs one part at a time.
PART = 1000


def main() -> int:
    """Return 0 if all invariants held; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.sweep", description=__doc__)
    parser.add_argument("--sample", action="store_true", help="one error of each class instead of all")
    parser.add_argument("--method", action="append", choices=METHODS, help="only this one; may be repeated")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time (%(default)s)"
    )
    options = parser.parse_args()
    methods = options.method or METHODS
    parts = [part for method in methods for part in _parts(method, only_sample=options.sample)]
    rows = {method: Row(method) for method in methods}
    began, done, number = time.monotonic(), 0, sum(len(part) for part in parts)
    with ProcessPoolExecutor(options.jobs) as pool:
        for finished in as_completed([pool.submit(_run, part) for part in parts]):
            row = finished.result()
            rows[row.method].join(row)
            done += row.errors
            print(
                f"{time.monotonic() - began:5.0f} s {done:6}/{number} {row.method}: "
                f"{row.errors} errors, {len(row.broken)} broken",
                flush=True,
            )
    print(table([*rows.values()]))
    print(f"run time {time.monotonic() - began:.0f} s with {options.jobs} processes")
    return 1 if any(row.broken for row in rows.values()) else 0


def _parts(method: str, *, only_sample: bool) -> list[list[Case]]:
    failures = sample(method) if only_sample else [*all_failures(method)]
    cases = [(method, failure) for failure in failures]
    return [cases[start : start + PART] for start in range(0, len(cases), PART)]


def _run(cases: list[Case]) -> Row:
    logging.disable(logging.CRITICAL)
    method = cases[0][0]
    with tempfile.TemporaryDirectory(prefix="sweep-") as name:
        folder = Path(name)
        if method in SESSION_METHODS:
            (row,) = asyncio.run(sweep_sessions(folder, cases, _report))
            return row
        url = f"sqlite:///{folder / 'leads.db'}"
        migrate(url)
        (row,) = asyncio.run(sweep_leads(folder, url, cases, _report))
        return row


def _report(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
