"""`python -m tests.chaos.outages --seconds 20`: runs every outage and prints one table of results."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.outages.catalogue import MODEL, NONE, SILENT, TELEGRAM, database, unusable_answers
from tests.chaos.outages.products import on_postgres, on_sqlite
from tests.chaos.outages.scenarios import Outage, Report, run_outage

HEAD = ("outage", "lasted", "recovered", "leads", "messages", "503", "lost", "twice", "stuck")
MAX_ROUNDS = 3
UNUSABLE_ANSWERS = ("malformed_json", "truncated", "refusal", "empty")


def main() -> int:
    """Return 0 if the product survived every outage; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.outages", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="duration of each outage (%(default)s)")
    parser.add_argument("--only", default="", help="run the outages whose names contain this text")
    options = parser.parse_args()
    reports = []
    with tempfile.TemporaryDirectory(prefix="outages-") as folder:
        for report in _reports(Path(folder), options.seconds, options.only):
            print(f"{report.name}: {'clean' if report.clean else 'NOT CLEAN'}", file=sys.stderr, flush=True)
            for line in (*report.unhelpful, *report.count.lost, *report.count.twice, *report.count.stuck):
                print(f"  {line}", file=sys.stderr, flush=True)
            reports.append(report)
    print(_table(reports))
    return 0 if all(report.clean for report in reports) else 1


def _reports(folder: Path, seconds: float, only: str) -> Iterator[Report]:
    with on_postgres(_new_folder(folder, "postgresql")) as (product, postgres):
        for outage in _matching((NONE, *database(postgres)), only):
            yield run_outage(product, outage, seconds, rounds=MAX_ROUNDS)
    with on_sqlite(_new_folder(folder, "sqlite")) as product:
        theirs = (NONE, *TELEGRAM, SILENT, *MODEL, *(unusable_answers(kind, 3) for kind in UNUSABLE_ANSWERS))
        for outage in _matching(theirs, only):
            yield run_outage(product, outage, seconds, rounds=MAX_ROUNDS)


def _matching(outages: tuple[Outage, ...], only: str) -> list[Outage]:
    return [outage for outage in outages if only in outage.name]


def _new_folder(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


def _table(reports: list[Report]) -> str:
    rows = [HEAD, *(_row(report) for report in reports)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in cells)
        for cells in (list(enumerate(zip(row, widths, strict=True))) for row in rows)
    )


def _row(report: Report) -> tuple[str, ...]:
    count = report.count
    figures = (count.leads, count.messages, count.answers.get(503, 0))
    bad = (len(count.lost), len(count.twice), len(count.stuck))
    times = (f"{report.lasted:.1f} s", f"{report.recovered:.1f} s")
    return (report.name, *times, *map(str, figures), *map(str, bad))


if __name__ == "__main__":
    sys.exit(main())
