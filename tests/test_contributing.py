"""The files that CONTRIBUTING.md and the glossary send a reader to exist."""

import re

import pytest

from tests.conftest import ROOT

PAGES = ("CONTRIBUTING.md", "docs/develop/architecture.md", "docs/glossary.md")
_PATH = re.compile(r"`((?:api|worker|shared|sandbox|tests|docs|migrations)/[\w./-]*)`")


@pytest.mark.parametrize("page", PAGES)
def test_every_path_named_exists(page: str) -> None:
    named = _PATH.findall((ROOT / page).read_text("utf-8"))
    assert len(named) > 15
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_table_has_a_row_for_each_common_change() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = text.split("## Where do I change …?")[1].split("## ")[0]
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) >= 16
    assert len(rows) == len(set(rows))
