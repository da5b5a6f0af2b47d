"""The diagram and the table in docs/develop/statuses.md show exactly the transitions that the code allows."""

import re

from shared.statuses import ALLOWED, LeadStatus
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "develop" / "statuses.md").read_text(encoding="utf-8")
TRANSITIONS = {(start, target) for start, targets in ALLOWED.items() for target in targets}


def _arrows() -> list[tuple[str, str]]:
    (block,) = re.findall(r"```mermaid\nstateDiagram-v2\n(.*?)```", PAGE, re.DOTALL)
    arrows = [line.strip() for line in block.splitlines() if line.strip()]
    matches = [re.fullmatch(r"(\S+) --> (\w+)(?:: .+)?", arrow) for arrow in arrows]
    return [(match[1], match[2]) for match in matches if match] if all(matches) else []


def _rows() -> dict[str, str]:
    return dict(re.findall(r"^\| `(\w+)` \|[^|]+\|([^|]+)\|$", PAGE, re.MULTILINE))


def test_diagram_matches_the_code() -> None:
    arrows = _arrows()
    assert set(arrows) == {*TRANSITIONS, ("[*]", LeadStatus.PENDING)}
    assert len(arrows) == len(set(arrows))


def test_table_matches_the_code() -> None:
    rows = _rows()
    assert list(rows) == list(LeadStatus)
    assert {
        (start, target) for start, cell in rows.items() for target in re.findall(r"`(\w+)`", cell)
    } == TRANSITIONS


def test_every_status_has_a_row_in_the_transition_table() -> None:
    assert set(ALLOWED) == set(LeadStatus)
