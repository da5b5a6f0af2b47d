"""The page on reliability and the seams that are tried are the same."""

import re
from pathlib import Path

from tests.chaos.crashes.crash_points import ANSWER_SEAMS, GREETING_SEAMS, Seam

PAGE = Path(__file__).parents[3] / "docs" / "reliability.md"


def _rows(after: str) -> list[str]:
    """The first column of the first table after a line."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition(after)
    table = rest.strip().partition("\n\n")[0].splitlines()
    return [re.split(r"\s*\|\s*", row)[1] for row in table[2:]]


def _names(seams: tuple[Seam, ...] | list[Seam]) -> list[str]:
    return [seam.name.partition(": ")[2] for seam in seams]


def test_every_seam_has_its_row() -> None:
    assert _rows("From the form to the greeting:") == _names(GREETING_SEAMS)
    assert _rows("From a person's words to the answer, the apology or the link:") == _names(ANSWER_SEAMS)
