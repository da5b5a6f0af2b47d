"""The pages: what they show, in which order, and in which language."""

from datetime import timedelta

import httpx2
import pytest
from sqlalchemy import update

from api.console import charts
from api.console.pages.inbox import ALL_URGENT
from api.console.texts.message_marks import translate_marks
from api.console.texts.page_texts import choose_language, load
from api.queries import statistics
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import LEADS, MESSAGES, Lead
from shared.leads.transitions import change_status
from shared.statuses import LeadStatus
from tests.api.conftest import WEBHOOK, Client, add_contacted_lead, add_draft
from tests.api.console.conftest import signed_in
from tests.api.console.test_actions import add_words


async def _add_leads(database: Database, *names: str, **columns: object) -> list[int]:
    leads = [
        Lead(name=name, username=f"u{number}_{name}", source="tilda", **columns)
        for number, name in enumerate(names)
    ]
    async with database.writing() as session:
        session.add_all(leads)
    return [lead.id for lead in leads]


def _order(page: str, *texts: str) -> list[str]:
    found = {text: page.find(text) for text in texts}
    return sorted((text for text in texts if found[text] >= 0), key=lambda text: found[text])


async def test_those_who_need_somebody_come_first(operator: httpx2.AsyncClient, database: Database) -> None:
    drafted = await add_contacted_lead(database, LeadStatus.ENGAGED)
    await add_draft(database, drafted)
    await _add_leads(database, "Failed", status=LeadStatus.FAILED)
    await _add_leads(database, "Reachable", status=LeadStatus.UNREACHABLE, phone_e164="+79990000001")
    await _add_leads(database, "Hopeless", status=LeadStatus.UNREACHABLE)
    await _add_leads(database, "Asked", status=LeadStatus.ENGAGED, open_question="?")
    page = (await operator.get("/console/")).text
    first, _, rest = page.partition('id="all-title"')
    assert {"Анна", "Failed", "Reachable", "Asked"} == set(
        _order(first, "Анна", "Failed", "Reachable", "Asked", "Hopeless")
    )
    assert "Hopeless" in rest
    assert "(4) Inbox" in page


async def test_the_link_to_all_who_need_somebody_leads_on_once(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    await _add_leads(database, *map(str, range(ALL_URGENT + 1)), status=LeadStatus.FAILED)
    page = (await operator.get("/console/")).text
    assert "(100+) Inbox" in page
    link = f'href="/console/?urgent={ALL_URGENT}"'
    assert link in page
    page = (await operator.get(f"/console/?urgent={ALL_URGENT}")).text
    assert page.partition('id="all-title"')[0].count("data-row") == ALL_URGENT
    assert link not in page
    assert f"{ALL_URGENT} of them are shown" in page


async def test_a_handed_off_person_who_waits_needs_somebody_until_a_human_answers(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.HANDED_OFF)
    assert "needs you" not in (await operator.get("/console/")).text
    await add_words(database, lead_id)
    assert "needs you" in (await operator.get("/console/")).text
    async with database.writing() as session:
        await session.exec(update(MESSAGES).where(MESSAGES.c.direction == "in").values(state="handled"))
    # The assistant has handed it off with this question: nobody has answered yet.
    assert "needs you" in (await operator.get("/console/")).text


async def test_unread_is_counted_for_each_user(client: Client, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    await add_words(database, lead_id)
    async with (
        signed_in(client, database, "Мария") as maria,
        signed_in(client, database, "Олег") as oleg,
    ):
        await maria.get(f"/console/leads/{lead_id}")
        assert 'class="dot"' not in (await maria.get("/console/")).text
        assert 'class="dot"' in (await oleg.get("/console/")).text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("status=failed", ["Beta"]),
        ("q=alp", ["Alpha"]),
        ("source=landing", ["Gamma"]),
        ("utm=google", ["Gamma"]),
        ("account_id=1", ["Анна"]),
        ("created_to=2020-01-01", []),
        ("source=tilda&q=a", ["Beta", "Alpha"]),
        ("source=&account_id=&utm=&created_from=&created_to=", ["Beta", "Alpha", "Gamma", "Анна"]),
    ],
)
async def test_filters(
    operator: httpx2.AsyncClient, database: Database, query: str, names: list[str]
) -> None:
    await add_contacted_lead(database)
    (gamma,) = await _add_leads(database, "Gamma")
    async with database.writing() as session:
        values = {"source": "landing", "extra": {"utm_source": "google"}}
        await session.exec(update(LEADS).where(LEADS.c.id == gamma).values(values))
    await _add_leads(database, "Alpha")
    await _add_leads(database, "Beta", status=LeadStatus.FAILED)
    answer = await operator.get(f"/console/?{query}")
    assert answer.status_code == 200, answer.text
    assert set(_order(answer.text, "Alpha", "Beta", "Gamma", "Анна")) == set(names)


async def test_pages_of_the_list_neither_repeat_nor_miss(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    ids = await _add_leads(database, *(f"Person-{number:02}-" for number in range(7)))
    seen: list[str] = []
    address = "/console/?limit=3"
    while address:
        page = (await operator.get(address)).text
        names = _order(page, *(f"Person-{number:02}-" for number in range(7)))
        seen += names
        _, found, rest = page.partition('rel="next" href="')
        address = rest.partition('"')[0].replace("&amp;", "&") + "&limit=3" if found else ""
    assert len(seen) == len(ids)
    assert seen == sorted(seen, reverse=True)


async def test_the_overview_counts(operator: httpx2.AsyncClient, client: Client) -> None:
    for number in range(3):
        await client.post(WEBHOOK, data={"Name": "A", "Phone": f"+7999000000{number}"})
    page = (await operator.get("/console/overview")).text
    assert "<strong>3</strong>" in page
    assert (await operator.get("/console/overview?days=8")).status_code == 422


async def test_the_funnel_and_the_time_to_the_first_message(database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    now = utc_now()
    async with database.writing() as session:
        await session.exec(update(LEADS).values(created_at=now - timedelta(seconds=30)))
        await session.exec(update(MESSAGES).values(sent_at=now, cost_usd=0.25))
    async with database.writing() as session:
        lead = await session.get_one(Lead, lead_id)
        await change_status(session, lead, LeadStatus.SCHEDULED, reason=None, actor="x", now=now)
    since = now - timedelta(days=2)
    async with database.reading() as session:
        funnels = await statistics.funnels(session, since)
        assert funnels.total.counts == {"received": 1, "written": 1, "answered": 1, "agreed": 1, "booked": 0}
        assert list(funnels.by_day) == [(now - timedelta(seconds=30)).date().isoformat()]
        assert list(funnels.by_source) == ["api"]
        (seconds,) = await statistics.seconds_to_first_message(session, since)
        assert seconds == pytest.approx(30, abs=1)
        assert funnels.total.cost == funnels.by_source["api"].cost == 0.25
    assert statistics.percentile([], 0.5) is None
    assert statistics.percentile([1, 2, 3, 4], 0.5) == 3


def test_charts_fit_their_frame() -> None:
    days = {f"{day}": {"received": day, "answered": day // 2} for day in range(30)}
    drawn = charts.columns(days, ("received", "answered"))
    assert all(bar.y >= 0 and bar.y + bar.height <= charts.HEIGHT + 0.01 for bar in drawn.bars)
    assert all(bar.x >= 0 and bar.x + bar.width <= charts.WIDTH for bar in drawn.bars)
    assert len(drawn.frame.labels) <= 6
    assert charts.columns({"1": {"received": 0}}, ("received",)).frame.is_empty
    line = charts.line({"1": 0.0, "2": 0.03, "3": 0.01})
    assert all(0 <= y <= charts.HEIGHT for _, y, *_ in line.points)
    assert [value for _, value in line.frame.scale] == [0.04, 0.02]
    assert charts.line({}).frame.is_empty


async def test_both_languages_have_the_same_texts_and_values(operator: httpx2.AsyncClient) -> None:
    english, russian = load("en"), load("ru")
    assert english._texts.keys() == russian._texts.keys()
    for key, text in english._texts.items():
        fields = {part.split("}")[0] for part in text.split("{")[1:]}
        assert fields == {part.split("}")[0] for part in russian._texts[key].split("{")[1:]}, key


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        (None, "ru-RU,ru;q=0.9,en;q=0.8", "ru"),
        (None, "de,en;q=0.5,ru;q=0.6", "ru"),
        (None, "de-DE", "en"),
        (None, "", "en"),
        (None, "ru;q=x;;,,en" + "," * 9000, "en"),
        ("en", "ru", "en"),
    ],
)
def test_the_language(chosen: str | None, accepted: str, language: str) -> None:
    assert choose_language(chosen, accepted).language == language


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("[voice] А есть рассрочка?", "[голосовое] А есть рассрочка?"),
        ("[voice message]", "[голосовое сообщение]"),
        ("[file: прайс.pdf] вот", "[файл: прайс.pdf] вот"),
        ("[reaction 👍 to “Удобно?”]", "[реакция 👍 на “Удобно?”]"),
        ("[reply to “call to “us””] да", "[ответ на “call to “us””] да"),
        ("[forwarded from Anna] текст", "[переслано от Anna] текст"),
        ("[call, 2 min]", "[звонок, 2 min]"),
        ("photo [photography] [unknown: voice] [", "photo [photography] [unknown: voice] ["),
    ],
)
def test_marks_are_shown_in_the_language_of_the_page(stored: str, shown: str) -> None:
    assert translate_marks(load("ru"), stored) == shown
    assert translate_marks(load("en"), stored) == stored
