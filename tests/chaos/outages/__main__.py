"""`python -m tests.chaos.outages --seconds 20`: every outage in turn, and one table of how it went."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.outages.catalogue import MODEL, NONE, SILENT, TELEGRAM, database, nonsense
from tests.chaos.outages.products import on_postgres, on_sqlite
from tests.chaos.outages.scenarios import Outage, Report, go_through

HEAD = ("outage", "lasted", "recovered", "leads", "messages", "503", "lost", "twice", "stuck")
LONG_TALK = 3
NONSENSE = ("malformed_json", "truncated", "refusal", "empty")


def main() -> int:
    """0 if every outage was waited out; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.outages", description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="how long each lasts (%(default)s)")
    parser.add_argument("--only", default="", help="a part of the names of the outages that are wanted")
    options = parser.parse_args()
    reports = []
    with tempfile.TemporaryDirectory(prefix="outages-") as folder:
        for report in _reports(Path(folder), options.seconds, options.only):
            print(f"{report.name}: {'well' if report.clean else 'NOT WELL'}", file=sys.stderr, flush=True)
            for line in (*report.unhelpful, *report.count.lost, *report.count.twice, *report.count.stuck):
                print(f"  {line}", file=sys.stderr, flush=True)
            reports.append(report)
    print(_table(reports))
    return 0 if all(report.clean for report in reports) else 1


def _reports(folder: Path, seconds: float, only: str) -> Iterator[Report]:
    with on_postgres(_fresh(folder, "postgresql")) as (house, postgres):
        for outage in _wanted((NONE, *database(postgres)), only):
            yield go_through(house, outage, seconds, rounds=LONG_TALK)
    with on_sqlite(_fresh(folder, "sqlite")) as house:
        theirs = (NONE, *TELEGRAM, SILENT, *MODEL, *(nonsense(kind, 3) for kind in NONSENSE))
        for outage in _wanted(theirs, only):
            yield go_through(house, outage, seconds, rounds=LONG_TALK)


def _wanted(outages: tuple[Outage, ...], only: str) -> list[Outage]:
    return [outage for outage in outages if only in outage.name]


def _fresh(folder: Path, name: str) -> Path:
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
