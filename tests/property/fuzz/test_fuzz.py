"""A short fuzz in the suite; `make fuzz` runs a long one."""

from pathlib import Path

from tests.property.fuzz.fuzz import Fuzz


def test_every_body_is_answered_and_recorded(sqlite_url: str, tmp_path: Path) -> None:
    database = Path(sqlite_url.removeprefix("sqlite:///"))
    tally = Fuzz(tmp_path, database, seed=20261126, report=print).run(300)
    assert tally.clean, (tally.faults, tally.table())
    assert {200, 201, 422} <= set(tally.answers)
