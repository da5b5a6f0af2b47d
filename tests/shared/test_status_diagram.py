"""docs/statuses.md draws and tabulates exactly the transitions that the code allows."""

import re

from shared.statuses import ALLOWED, LeadStatus
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "statuses.md").read_text(encoding="utf-8")
LAW = {(start, target) for start, targets in ALLOWED.items() for target in targets}


def _drawn() -> list[tuple[str, str]]:
    (block,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", PAGE, re.DOTALL)
    arrows = [line.strip() for line in block.splitlines() if line.strip()]
    matches = [re.fullmatch(r"(\S+) --> (\w+)(?:: .+)?", arrow) for arrow in arrows]
    return [(match[1], match[2]) for match in matches if match] if all(matches) else []


def _rows() -> dict[str, str]:
    return dict(re.findall(r"^\| `(\w+)` \|[^|]+\|([^|]+)\|$", PAGE, re.MULTILINE))


def test_the_drawing_and_the_law_agree() -> None:
    drawn = _drawn()
    assert set(drawn) == {*LAW, ("[*]", LeadStatus.PENDING)}
    assert len(drawn) == len(set(drawn))


def test_the_table_and_the_law_agree() -> None:
    rows = _rows()
    assert list(rows) == list(LeadStatus)
    assert {(start, target) for start, cell in rows.items() for target in re.findall(r"`(\w+)`", cell)} == LAW


def test_every_status_has_its_law() -> None:
    assert set(ALLOWED) == set(LeadStatus)
