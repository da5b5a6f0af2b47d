"""`python -m tests.chaos.environment`: makes every fault of a running database, and writes the page."""

import tempfile
from pathlib import Path

from tests.chaos.environment import postgres_faults, sqlite_faults
from tests.chaos.environment.installations import on_a_postgres, on_a_sqlite
from tests.chaos.environment.observation import Said
from tests.chaos.environment.page import PAGE, text
from tests.chaos.environment.test_faults import check


def main() -> None:
    """Make the faults one after the other; the first that is not survived ends the run."""
    said: dict[tuple[str, str], Said] = {}
    for kind, start, faults in (
        ("PostgreSQL", on_a_postgres, postgres_faults.FAULTS),
        ("SQLite", on_a_sqlite, sqlite_faults.FAULTS),
    ):
        with (
            tempfile.TemporaryDirectory(prefix="environment-") as folder,
            start(Path(folder)) as installation,
        ):
            for fault in faults:
                print(f"{kind}: {fault.name}", flush=True)
                said[kind, fault.name] = check(installation, fault)
    PAGE.write_text(text(said), encoding="utf-8")
    print(f"{PAGE}: {len(said)} faults")


if __name__ == "__main__":
    main()
