"""The sweep and docs/develop/other-telegram-servers.md have the methods that the worker really calls."""

import re
from pathlib import Path

from tests.chaos.sweep.sweep import LEAD_METHODS, SESSION_METHODS

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "develop" / "other-telegram-servers.md"
_CALLED = re.compile(r"raw\.functions\.((?:[a-z]+\.)[A-Za-z]+)")
# Kurigram itself calls it for each connection.
_OF_KURIGRAM = {"help.GetConfig"}


def called_methods() -> set[str]:
    """Return the methods that a running worker calls; a login is not part of the sweep."""
    sources = [path for path in (ROOT / "worker").rglob("*.py") if "login" not in path.parts]
    return {name for path in sources for name in _CALLED.findall(path.read_text(encoding="utf-8"))}


def test_the_sweep_has_all_methods() -> None:
    assert {*LEAD_METHODS, *SESSION_METHODS} == called_methods() | _OF_KURIGRAM


def test_the_page_has_all_methods() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    named = {name for row in rows for name in re.findall(r"`([a-z]+\.[a-zA-Z]+)`", row.split("|")[1])}
    areas = {f"{area}.{name[0].upper()}{name[1:]}" for area, _, name in (one.partition(".") for one in named)}
    assert areas == {*LEAD_METHODS, *SESSION_METHODS}
