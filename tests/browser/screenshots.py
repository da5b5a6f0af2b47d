"""Takes the pictures of the console and the demo page for the documentation: `make screenshots`."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

from sandbox.demo import product_processes
from tests.browser.samples import Samples
from tests.conftest import ROOT
from tests.support import api_process
from tests.support.browser import CHROMIUM, HOW_TO_HAVE_IT
from tests.support.running_demo import running_demo

FOLDER = ROOT / "docs" / "images"
LOCALES = {"ru": "ru-RU", "en": "en-US"}
Scheme = Literal["light", "dark"]


def main() -> int:
    """Store one picture for each page, size and language."""
    if CHROMIUM is None:
        sys.stderr.write(f"{HOW_TO_HAVE_IT}\n")
        return 2
    FOLDER.mkdir(exist_ok=True)
    expect.set_options(timeout=60_000)
    # As root, Chromium runs only without its sandbox.
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-lcd-text"]
        )
        if sys.argv[1:] != ["demo"]:
            _take_console(browser, Path(name))
        _take_demo(browser, Path(name))
        browser.close()
    return 0


def _take_console(browser: Browser, folder: Path) -> None:
    """Serve a console with samples."""
    url = f"sqlite:///{folder}/samples.db"
    product_processes.migrate(url, seconds=60)
    samples = Samples(url)
    samples.everybody()
    with api_process.serving(folder, DATABASE_URL=url) as (_process, address, _lines):
        cookie = {"name": "console", "value": samples.session("Мария", "operator"), "url": address}
        pages = {
            "inbox": "/console/",
            "lead": f"/console/leads/{samples.shown}",
            "overview": "/console/overview",
        }
        for language in LOCALES:
            _take(browser, address, pages, [cookie], language, "light", (1280, 860))
            _take(browser, address, pages, [cookie], language, "dark", (360, 740))
    samples.close()


def _take_demo(browser: Browser, folder: Path) -> None:
    """Run the demo and play a conversation up to the booking link, in each language."""
    with running_demo(folder) as address:
        for language, locale in LOCALES.items():
            context = browser.new_context(
                base_url=address,
                locale=locale,
                color_scheme="light",
                viewport={"width": 1440, "height": 900},
                timezone_id="Europe/Moscow",
            )
            page = context.new_page()
            page.goto("/")
            _play(page)
            page.screenshot(path=FOLDER / f"demo-1440-{language}.png")
            page.emulate_media(color_scheme="dark")
            page.set_viewport_size({"width": 360, "height": 740})
            page.evaluate("scrollTo(0, 0)")
            # The colours of the buttons change slowly.
            page.screenshot(path=FOLDER / f"demo-360-{language}.png", animations="disabled")
            context.close()


def _play(page: Page) -> None:
    page.locator("#send").click()
    messages = page.locator("#chat .when")
    expect(messages).to_have_count(1)
    for number in range(2):
        page.locator("[data-ready]").nth(number).click()
        expect(messages).to_have_count(3 + 2 * number)
    page.locator("#read").click()
    expect(page.locator("#read")).to_be_disabled()
    expect(page.locator("#way .good")).to_have_count(1)
    console = page.frame_locator("iframe")
    expect(console.locator("#messages .message")).to_have_count(5)
    page.mouse.move(2, 2)


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
