"""Whatever a stranger writes is shown as text: in the real browser nothing runs and nothing breaks out."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from shared.clock import utc_now
from tests.browser.attacks import ATTACKS
from tests.browser.conftest import Console

# Elements that no page has by itself, event attributes, and links that would run a script or leave the site.
FOREIGN = """() => {
  const found = [];
  const alien = 'img,iframe,object,embed,base,style,math,marquee,audio,video,foreignObject,animate,use,' +
    'script:not([src*="/static/console.js"]),link:not([href*="/static/"]),meta[http-equiv]';
  for (const element of document.querySelectorAll(alien)) found.push(element.outerHTML.slice(0, 80));
  for (const element of document.querySelectorAll('*')) for (const attribute of element.attributes) {
    if (/^on/.test(attribute.name) || attribute.name === 'style') found.push(attribute.name);
    if (/^(href|src|action|formaction)$/.test(attribute.name)
        && !/^(\\/|\\?|#|tel:)/.test(attribute.value)) found.push(attribute.value.slice(0, 80));
  }
  for (const id of ['main', 'messages', 'help']) {
    if (document.querySelectorAll('#' + id).length > 1) found.push('a second #' + id);
  }
  if (window.attacked) found.push('a script ran');
  return found;
}"""


# Four in one text: a page shows a text in every place that it has.
TEXTS = [" ".join(ATTACKS[first : first + 4]) for first in range(0, len(ATTACKS), 4)]


@pytest.fixture(scope="module")
def leads(shared_console: Console) -> list[int]:
    """For each text a lead with it in every field that a stranger or a server can fill."""
    return [_attacked_lead(shared_console, text) for text in TEXTS]


def _attacked_lead(console: Console, attack: str) -> int:
    samples = console.samples
    lead = samples.lead(
        name=attack,
        username=attack,
        phone=attack,
        source=attack,
        account_id=1,
        status="handed_off",
        last_error=attack,
        username_error=attack,
        open_question=attack,
        handoff_summary=attack,
        extra={attack: attack, "utm_source": attack, "list": [attack]},
        contact_evidence={"username": {"field": attack, "strength": attack, "reason": attack}},
    )
    samples.message(lead, attack)
    samples.message(lead, attack, kind="answer", state="failed", error=attack)
    samples.message(lead, attack, kind="answer", state="draft", random_id=None)
    samples.unmatched_booking(attack)
    samples.event(lead, "handed_off", utc_now(), from_status="engaged", reason=attack, actor=attack)
    samples.delivery(
        source=attack, body=attack, query=attack, content_type=attack, error=attack, outcome="refused"
    )
    return lead


@pytest.fixture
def page(console: Console) -> Iterator[Page]:
    """A page of the owner."""
    page = console.new_page("Мария")
    yield page
    assert page.evaluate(FOREIGN) == []


def test_there_are_many_attacks() -> None:
    assert len(set(ATTACKS)) >= 60


def test_lists(page: Page, leads: list[int]) -> None:
    for address in ("/console/?limit=200", "/console/deliveries?limit=200", "/console/overview"):
        page.goto(address)
        expect(page.locator("[data-row]").first).to_be_visible()
        assert page.evaluate(FOREIGN) == []


def test_leads(page: Page, leads: list[int]) -> None:
    for lead, attack in zip(leads, TEXTS, strict=True):
        page.goto(f"/console/leads/{lead}", wait_until="domcontentloaded")
        assert page.evaluate(FOREIGN) == []
        # Shown as it is: an input field removes line breaks, a text does not.
        shown = page.locator(".message-text").first.evaluate("element => element.textContent")
        assert shown == attack
        assert page.locator("#draft-text").input_value() == attack.replace("\r\n", "\n")


def test_deliveries(page: Page, console: Console, leads: list[int]) -> None:
    for number, text in enumerate(TEXTS, 1):
        page.goto(f"/console/deliveries/{number}", wait_until="domcontentloaded")
        assert page.evaluate(FOREIGN) == []
        assert page.locator("pre.body").text_content() == text


def test_live_updates(page: Page, console: Console, leads: list[int]) -> None:
    page.goto(f"/console/leads/{leads[0]}")
    for number, attack in enumerate(ATTACKS):
        console.samples.message(leads[0], f"{number}: {attack}")
    expect(page.locator("#messages")).to_contain_text(f"{len(ATTACKS) - 1}: ")
    assert page.evaluate(FOREIGN) == []


def test_what_is_typed_comes_back_as_text(page: Page, console: Console, leads: list[int]) -> None:
    for attack in ATTACKS[::6]:
        page.goto(f"/console/?{urlencode({'q': attack})}")
        assert page.evaluate(FOREIGN) == []
        assert page.locator("#q").input_value() == attack.replace("\n", "")
    page.goto(f"/console/leads/{leads[1]}")
    attack = "\n".join(ATTACKS)[:4000]
    page.fill("#note-text", attack)
    page.click("text=Сохранить заметку")
    # Control characters are removed from what colleagues write.
    expect(page.locator(".history .note-box")).to_contain_text(ATTACKS[0])
    assert page.evaluate(FOREIGN) == []


def test_imports(page: Page, leads: list[int]) -> None:
    page.goto("/console/import")
    for header in ("Name,Phone", "Name,Mail"):
        rows = [
            ",".join(f'"{cell}"' for cell in (attack.replace('"', '""'), attack.replace('"', '""')))
            for attack in ATTACKS
        ]
        text = "\n".join([f"{header},<img src=x onerror=window.attacked=1>", *rows])
        page.goto("/console/import")
        page.set_input_files(
            "[name=file]", {"name": "<img src=x>.csv", "mimeType": "text/csv", "buffer": text.encode()}
        )
        page.click("form.drop button.primary")
        expect(page.locator("#report section, .alert").first).to_be_visible()
        assert page.evaluate(FOREIGN) == []
