"""Fixtures: the console in a real browser, served by `python -m api` on a database with samples."""

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser.samples import Samples
from tests.support import api_process
from tests.support.browser import CHROMIUM
from tests.support.databases import new_database
from tests.support.waiting import patience_seconds

PASSWORD = "correct horse battery"

expect.set_options(timeout=patience_seconds(30) * 1000)


# Not for the session: while Playwright runs, no asynchronous test can run in the same process.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """An installed Chromium."""
    # As root, Chromium runs only without its sandbox.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@dataclass
class Pages:
    """Pages of one site; `problems` collects what the browser complains of."""

    browser: Browser
    url: str
    problems: list[str] = field(default_factory=list, kw_only=True)
    _contexts: list[BrowserContext] = field(default_factory=list, kw_only=True)

    def open_page(self, **options: object) -> Page:
        """Open an empty page in a browser profile of its own."""
        usual: dict[str, object] = {"locale": "ru-RU", "viewport": {"width": 1280, "height": 800}}
        context = self.browser.new_context(base_url=self.url, **{**usual, **options})  # type: ignore[arg-type]
        context.set_default_timeout(patience_seconds(40) * 1000)
        self._contexts.append(context)
        page = context.new_page()
        self.watch(page)
        return page

    def watch(self, page: Page) -> None:
        """Fail the test at its end for any console message, script error, dialog or foreign request."""
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}"))
        page.on(
            "dialog", lambda dialog: (self.problems.append(f"dialog: {dialog.message}"), dialog.dismiss())
        )
        page.on(
            "request",
            lambda request: (
                None
                if request.url.startswith((self.url, "data:", "blob:"))
                else self.problems.append(f"request: {request.url}")
            ),
        )

    def _note_console(self, message: ConsoleMessage) -> None:
        # Chromium reports each answer of 4xx to a form; the tests check those themselves.
        if not message.text.startswith("Failed to load resource: the server responded with a status of 4"):
            self.problems.append(f"console: {message.text}")

    def close(self) -> None:
        """Close all pages."""
        for context in self._contexts:
            context.close()
        self._contexts.clear()


@dataclass
class Console(Pages):
    """A running console and its database."""

    folder: Path
    database_url: str
    samples: Samples
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1), kw_only=True)

    def new_page(self, user: str | None = "Мария", role: str = "owner", **options: object) -> Page:
        """Open a page in a browser profile of its own, signed in as a new user unless `user` is None."""
        page = self.open_page(**options)
        if user is not None:
            value = self.samples.session(f"{user} {next(self._numbers)}", role)
            page.context.add_cookies([{"name": "console", "value": value, "url": self.url, "httpOnly": True}])
            page.goto("/console/")
        return page

    def sign_in(self, page: Page, user: str, role: str = "owner") -> None:
        """Add a user by the command, and sign in by the printed link."""
        done = api_process.run(
            self.folder, "user", "add", user, "--role", role, DATABASE_URL=self.database_url
        )
        assert done.returncode == 0, done.stderr
        page.goto(done.stdout.split()[-1])
        page.fill("[name=password]", PASSWORD)
        page.fill("[name=repeated]", PASSWORD)
        page.click("button.primary")
        page.wait_for_url("**/console/")


def _serve(request: pytest.FixtureRequest, browser: Browser, folder: Path, kind: str) -> Iterator[Console]:
    url = new_database(request, kind, folder)
    with api_process.serving(folder, DATABASE_URL=url) as (_process, address, _lines):
        samples = Samples(url)
        assert samples.account() == 1
        console = Console(browser, address, folder, url, samples)
        yield console
        console.close()
        samples.close()


@pytest.fixture(scope="module")
def shared_console(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """A console on SQLite for a module; rows of earlier tests stay."""
    yield from _serve(request, browser, tmp_path_factory.mktemp("console"), "sqlite")


@pytest.fixture
def console(shared_console: Console) -> Iterator[Console]:
    """The module's console; the test fails if the browser complained of anything."""
    shared_console.problems.clear()
    yield shared_console
    # Before the pages close: that breaks off the requests that they are making.
    problems = list(shared_console.problems)
    shared_console.close()
    assert problems == []


@pytest.fixture
def postgres_console(request: pytest.FixtureRequest, browser: Browser, tmp_path: Path) -> Iterator[Console]:
    """A console of its own on PostgreSQL."""
    for console in _serve(request, browser, tmp_path, "postgresql"):
        yield console
        assert console.problems == []
