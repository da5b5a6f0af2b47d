"""`python -m tests.property.fuzz --bodies 100000`: fuzzes the webhook with random bodies."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.conftest import migrate
from tests.property.fuzz.fuzz import Fuzz


def main() -> int:
    """Return 0 if no answer was a 5xx, each body was recorded once and memory stayed flat; 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.property.fuzz", description=__doc__)
    parser.add_argument("--bodies", type=int, default=10_000, help="number of bodies to post (%(default)s)")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**6), help="repeats the bodies of a run"
    )
    options = parser.parse_args()
    print(f"{options.bodies} bodies, seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
        database = Path(name) / "leads.db"
        migrate(f"sqlite:///{database}")
        tally = Fuzz(Path(name), database, options.seed, lambda line: print(line, flush=True)).run(
            options.bodies
        )
    for fault in tally.faults[:20]:
        print(f"  {fault}")
    print(tally.table())
    print("clean" if tally.clean else "NOT CLEAN", flush=True)
    return 0 if tally.clean else 1


if __name__ == "__main__":
    sys.exit(main())
