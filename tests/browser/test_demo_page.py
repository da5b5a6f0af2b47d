"""The demo page as anybody plays with it: the form, the phone, the console, and trouble without a loss."""

from collections.abc import Iterator

import httpx2
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Pages
from tests.browser.test_accessibility import faults_of
from tests.support.running_demo import running_demo
from tests.support.waiting import patience_seconds, until

# axe is a script of the test's own.
WITH_AXE = {"bypass_csp": True}
MARKUP = '<img src=x onerror=alert(1)><script>alert(2)</script>"><b>bold</b>'


@pytest.fixture(scope="module")
def shared_demo(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """One running demo for all tests of this file; the visitors of earlier tests stay."""
    with running_demo(tmp_path_factory.mktemp("demo")) as address:
        yield Pages(browser, address)


@pytest.fixture
def demo(shared_demo: Pages) -> Iterator[Pages]:
    """The running demo; the test fails if the browser complained of anything."""
    shared_demo.problems.clear()
    yield shared_demo
    shared_demo.close()
    assert shared_demo.problems == []


def _open(demo: Pages, **options: object) -> Page:
    page = demo.open_page(**options)
    page.goto("/")
    expect(page.locator("#fields [name=wish]")).to_be_visible()
    return page


def _counts(page: Page) -> dict[str, int]:
    names = ("forms", "greeted", "waiting", "twice", "lost")
    return {name: int(page.locator(f"[data-count={name}]").inner_text()) for name in names}


def test_a_form_becomes_a_conversation_that_a_human_takes_over(demo: Pages) -> None:
    page = _open(demo)
    console = page.frame_locator("iframe")
    expect(console.locator("h1")).to_have_text("Входящие")
    page.click("#send")
    expect(page.locator("#answer")).to_contain_text("Принято")
    expect(page.locator("#chat > div")).to_contain_text("кофеен")
    expect(page.locator("#first-message")).to_contain_text("с")
    # The console has opened the conversation by itself.
    expect(console.locator("#messages")).to_contain_text("кофеен")
    page.click("[data-ready] >> nth=0")
    expect(page.locator("#chat > div")).to_have_count(3)
    expect(page.locator("#way")).to_contain_text("Понято: вопрос")
    console.locator("#reply-text").fill("Здравствуйте, это Мария")
    console.locator("[data-composer] button.primary").click()
    expect(page.locator("#chat")).to_contain_text("это Мария")
    expect(page.locator("#way")).to_contain_text("Разговор забрал человек")
    console.locator("text=Вернуть ассистенту").click()
    page.fill("#words", "Да, давайте созвонимся")
    page.click("button[value=voice]")
    expect(page.locator("#chat a[href^='http']")).to_be_visible()
    expect(page.locator("#way")).to_contain_text("отправлена ссылка на запись")
    expect(page.locator("[data-count=waiting]")).to_have_text("0")
    assert _counts(page) == {"forms": 1, "greeted": 1, "waiting": 0, "twice": 0, "lost": 0}


def test_no_trouble_loses_anything_or_says_it_twice(demo: Pages) -> None:
    page = _open(demo, locale="en-US")
    before = _counts(page)
    page.click("text=Telegram down")
    page.click("text=Model down")
    expect(page.locator("[data-part=telegram]")).to_contain_text("is down")
    page.click("#crowd")
    page.click("#send")
    page.click("text=Kill the worker")
    expect(page.locator("[data-part=worker]")).to_contain_text("is down")
    expect(page.locator("[data-count=waiting]")).to_have_text("11")
    page.click("text=Flood wait")
    page.click("text=Telegram up")
    page.click("text=Model up")
    # A new worker needs seconds to start.
    recovery = {"timeout": patience_seconds(60) * 1000}
    expect(page.locator("[data-count=greeted]")).to_have_text(str(before["greeted"] + 11), **recovery)
    expect(page.locator("#chat > div")).to_contain_text("Hello")
    expect(page.locator("[data-part=worker]")).to_contain_text("works")
    expect(page.locator("[data-count=waiting]")).to_have_text("0")
    assert _counts(page) == {
        "forms": before["forms"] + 11,
        "greeted": before["greeted"] + 11,
        "waiting": 0,
        "twice": 0,
        "lost": 0,
    }
    expect(page.locator("#way")).to_contain_text("A new worker has started")


def test_two_clicks_a_refused_form_and_a_blocked_account(demo: Pages) -> None:
    page = _open(demo, viewport={"width": 360, "height": 740}, **WITH_AXE)
    before = _counts(page)
    page.check("[value=spam]", force=True)
    page.click("#send")
    expect(page.locator("#answer.bad")).to_contain_text("422")
    page.check("[value=username]", force=True)
    page.click("text=Нажать дважды")
    expect(page.locator("#answer")).to_contain_text("Дважды никому не пишем")
    expect(page.locator("#chat > div .when")).to_have_count(1)
    page.click("#read")
    expect(page.locator("#read")).to_be_disabled()
    page.click("#block")
    expect(page.locator("#words")).to_be_disabled()
    page.click("#block")
    expect(page.locator("#words")).to_be_enabled()
    assert _counts(page)["forms"] == before["forms"] + 2
    assert _counts(page)["greeted"] == before["greeted"] + 1
    page.click("#request summary")
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_what_visitors_write_is_shown_as_text(demo: Pages) -> None:
    page = _open(demo)
    page.check("[value=quiz]", force=True)
    page.fill("#fields [name=name]", MARKUP)
    page.fill("#fields [name=wish]", MARKUP)
    page.click("#send")
    page.click("#request summary")
    expect(page.locator("#chat > div .when")).to_have_count(1)
    page.fill("#words", f'{MARKUP} javascript:alert(3) https://example.com/"onmouseover=alert(4)')
    page.click("#write [value=write]")
    expect(page.locator("#chat > div.mine")).to_contain_text(MARKUP)
    assert page.locator("#chat img, #chat script, #chat b, #way img, pre img").count() == 0
    assert page.locator("#chat > div.mine a").get_attribute("href") == "https://example.com/"


def test_the_keyboard_alone(demo: Pages) -> None:
    page = _open(demo, locale="en-US", color_scheme="dark", **WITH_AXE)
    page.focus("[name=kind]")
    page.keyboard.press("ArrowRight")
    expect(page.locator("[name=budget]")).to_be_visible()
    page.focus("#fields [name=name]")
    page.keyboard.press("Enter")
    expect(page.locator("#chat > div .when")).to_have_count(1)
    page.focus("#words")
    page.keyboard.type("No, thanks")
    page.keyboard.press("Enter")
    expect(page.locator("#chat > div.mine")).to_contain_text("No, thanks")
    expect(page.locator("#words")).to_have_value("")
    assert faults_of(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_only_the_demos_own_page_may_act(demo: Pages) -> None:
    port = httpx2.URL(demo.url).port
    with httpx2.Client(base_url=demo.url, trust_env=False) as client:
        policy = client.get("/").headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "http" not in policy
        assert client.get("/", headers={"Host": f"rebound.example:{port}"}).status_code == 403
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://rebound.example"}):
            assert client.post("/demo/troubles/worker", headers=headers).status_code == 403
        assert client.get("/console/").status_code == 303
        opened = client.get("/demo/console", params={"next": "//rebound.example"})
        assert opened.headers["location"] == "/console/"
        framed = client.get("/console/").headers
        assert framed["content-security-policy"].endswith("frame-ancestors 'self'")
        assert "unsafe" not in framed["content-security-policy"]


def test_a_page_of_an_earlier_demo_gets_a_new_visitor(demo: Pages) -> None:
    page = _open(demo)
    first = page.evaluate("sessionStorage.getItem('demo-visitor')")
    page.evaluate("sessionStorage.setItem('demo-visitor', '1')")
    page.reload()
    second = until(lambda: page.evaluate("sessionStorage.getItem('demo-visitor')"), "there is a visitor")
    until(lambda: page.evaluate("sessionStorage.getItem('demo-visitor')") not in ("1", first), "a new one")
    assert second
