"""Takes the pictures of the console for the documentation: `make screenshots`."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, sync_playwright

from sandbox.demo import product_processes
from tests.browser.samples import Samples
from tests.conftest import ROOT
from tests.support import api_process
from tests.support.browser import CHROMIUM, HOW_TO_HAVE_IT

FOLDER = ROOT / "docs" / "images"
LOCALES = {"ru": "ru-RU", "en": "en-US"}
Scheme = Literal["light", "dark"]


def main() -> int:
    """Serve a console with samples and store one picture for each page, size and language."""
    if CHROMIUM is None:
        sys.stderr.write(f"{HOW_TO_HAVE_IT}\n")
        return 2
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        url = f"sqlite:///{folder}/leads.db"
        product_processes.migrate(url, seconds=60)
        samples = Samples(url)
        samples.everybody()
        with api_process.serving(folder, DATABASE_URL=url) as (_process, address, _lines):
            _take_all(address, samples)
        samples.close()
    return 0


def _take_all(address: str, samples: Samples) -> None:
    cookie = {"name": "console", "value": samples.session("Мария", "operator"), "url": address}
    pages = {"inbox": "/console/", "lead": f"/console/leads/{samples.shown}", "overview": "/console/overview"}
    # As root, Chromium runs only without its sandbox.
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-lcd-text"]
        )
        for language in LOCALES:
            _take(browser, address, pages, [cookie], language, "light", (1280, 860))
            _take(browser, address, pages, [cookie], language, "dark", (360, 740))
        browser.close()


def _take(
    browser: Browser,
    address: str,
    pages: dict[str, str],
    cookies: Sequence[dict[str, str]],
    language: str,
    scheme: Scheme,
    size: tuple[int, int],
) -> None:
    width, height = size
    context = browser.new_context(
        base_url=address,
        locale=LOCALES[language],
        color_scheme=scheme,
        viewport={"width": width, "height": height},
        timezone_id="Europe/Moscow",
    )
    context.add_cookies(cookies)  # type: ignore[arg-type]
    for name, path in pages.items():
        page = context.new_page()
        page.goto(path)
        page.screenshot(path=FOLDER / f"console-{name}-{width}-{language}.png")
        page.close()
    context.close()


if __name__ == "__main__":
    sys.exit(main())
