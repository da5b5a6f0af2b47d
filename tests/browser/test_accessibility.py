"""Every page in both widths, languages and colour schemes: axe finds nothing, nothing overflows."""

from collections.abc import Mapping
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from shared.clock import utc_now
from tests.browser.conftest import Console

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
Scheme = Literal["light", "dark"]


@pytest.fixture(scope="module")
def addresses(shared_console: Console) -> Mapping[str, str]:
    """Every page with all that it can show."""
    samples = shared_console.samples
    samples.everybody()
    lead = samples.conversation(1, utc_now())
    for name in ("Пётр Неизвестный", "x" * 80):
        samples.unmatched_booking(name)
    refused = samples.delivery(outcome="refused", error="no phone", body="Name=X")
    return {
        "inbox": "/console/",
        "lead": f"/console/leads/{lead}",
        "overview": "/console/overview",
        "deliveries": "/console/deliveries",
        "delivery": f"/console/deliveries/{refused}",
        "import": "/console/import",
        "texts": "/console/texts",
        "browsers": "/console/browsers",
        "erase": f"/console/leads/{lead}/erase",
        "login": "/console/login",
        "problem": "/console/leads/999999",
    }


@pytest.mark.parametrize(("width", "language", "scheme"), [(360, "ru-RU", "light"), (1280, "en-US", "dark")])
def test_every_page(
    console: Console, addresses: Mapping[str, str], width: int, language: str, scheme: Scheme
) -> None:
    page = console.new_page(
        f"Вера-{width}",
        locale=language,
        color_scheme=scheme,
        viewport={"width": width, "height": 800},
        # axe is a script of the test's own.
        bypass_csp=True,
    )
    faults: list[str] = []
    for name, address in addresses.items():
        page.goto(address)
        faults += [f"{name}: {each}" for each in faults_of(page)]
        overflow = page.evaluate("document.documentElement.scrollWidth") - width
        faults += [f"{name}: {overflow} px wider than the screen"] if overflow > 0 else []
    assert faults == []


def faults_of(page: Page) -> list[str]:
    """Return what axe finds on a page."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found]
