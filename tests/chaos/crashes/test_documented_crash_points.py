"""docs/develop/reliability.md lists exactly the crash points that are tested."""

import re
from pathlib import Path

from tests.chaos.crashes.crash_points import ANSWER_POINTS, GREETING_POINTS, CrashPoint

PAGE = Path(__file__).parents[3] / "docs" / "develop" / "reliability.md"


def _rows(after: str) -> list[str]:
    """Return the first column of the first table after a line."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(after)
    table = rest.strip().partition("\n\n")[0].splitlines()
    return [re.split(r"\s*\|\s*", row)[1] for row in table[2:]]


def _names(points: tuple[CrashPoint, ...] | list[CrashPoint]) -> list[str]:
    return [point.name.partition(": ")[2] for point in points]


def test_every_crash_point_has_a_row() -> None:
    assert _rows("From the form to the greeting:") == _names(GREETING_POINTS)
    assert _rows("From a person's words to the answer, the apology or the link:") == _names(ANSWER_POINTS)
