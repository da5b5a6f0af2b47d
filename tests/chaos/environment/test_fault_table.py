"""The table of faults is complete: every row has a test that exists, and stands on the page."""

import re

import pytest

from tests.chaos.environment.fault_table import BEFORE, ROWS, Row
from tests.chaos.environment.page import PAGE
from tests.conftest import ROOT


def test_the_table_has_all_faults() -> None:
    assert len(ROWS) >= 41
    assert len({(row.kind, row.name) for row in ROWS}) == len(ROWS)
    assert BEFORE.keys() <= {row.name for row in ROWS}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}: {row.name}")
def test_each_fault_has_a_test(row: Row) -> None:
    file, _, name = row.shown_by.partition("::")
    assert re.search(rf"^(?:async )?def {name}\b", (ROOT / file).read_text(), re.MULTILINE)


def test_the_page_has_all_faults() -> None:
    page = PAGE.read_text()
    for number, row in enumerate(ROWS, start=1):
        assert re.search(rf"^\| {number} \|.* {re.escape(row.name)} \|", page, re.MULTILINE), row
