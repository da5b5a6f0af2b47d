"""The overview's state: the checks, the pause, and how fresh the figures are; the signed-in browsers."""

from datetime import timedelta

from sqlalchemy import update

from api.console.cache import ShortCache
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.model_server_models import ModelServer
from shared.database.models import ACCOUNTS, LEADS, AccountHold, Booking
from shared.statuses import LeadStatus
from tests.api.conftest import Client, add_contacted_lead, rows
from tests.api.console.conftest import signed_in
from tests.api.console.test_actions import add_words


async def overview(browser: Client) -> str:
    """Return the page; what is so now is read again."""
    browser.app.state.console_cache = ShortCache()
    return (await browser.get("/console/overview")).text


async def test_the_checks_name_what_does_not_work(operator: Client, database: Database) -> None:
    assert "No Telegram account has signed in yet" in await overview(operator)
    await add_contacted_lead(database)
    page = await overview(operator)
    assert "no worker is running for this account" in page
    assert "The database stores" in page
    now = utc_now()
    async with database.writing() as session:
        await session.exec(update(ACCOUNTS).values(held_by="w", held_until=now + timedelta(hours=1)))
        await session.exec(update(LEADS).values(due_at=now - timedelta(hours=1)))
        until = now + timedelta(hours=2)
        session.add(AccountHold(account_id=1, method="new_conversations", until=until, reason="PEER_FLOOD"))
        row = {"host": "api.openai.com", "role": "first", "out_since": now, "out_reason": "no connection"}
        session.add(ModelServer(model="gpt-5-mini", **row))
    page = await overview(operator)
    for words in ("PEER_FLOOD", "does not answer: no connection", "Requests that are due are waiting"):
        assert words in page, words
    assert "no worker is running for this account" not in page


async def test_a_pause_is_begun_and_ended(operator: Client, database: Database) -> None:
    assert (await operator.post("/console/pause", data={"scope": "everything"})).status_code == 422
    assert (await operator.post("/console/pause", data={"scope": "all"})).status_code == 303
    assert await rows(database, "SELECT scope, actor FROM sending_pause") == [
        {"scope": "all", "actor": "Мария"}
    ]
    for path in ("/console/overview", "/console/", "/console/?q=Anna"):
        assert "All messages of the assistant are paused." in (await operator.get(path)).text, path
    assert (await operator.post("/console/pause/end")).status_code == 303
    for path in ("/console/overview", "/console/"):
        assert "are paused" not in (await operator.get(path)).text, path


async def test_a_booking_of_an_unknown_person_is_shown_and_tied(operator: Client, database: Database) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.SCHEDULED)
    start = utc_now() + timedelta(days=3)
    for number in (1, 2):
        async with database.writing() as session:
            names = {"source": "calcom", "external_id": f"uid-{number}", "name": f"Пётр <{number}>"}
            session.add(Booking(**names, start_at=start, created_at=utc_now(), updated_at=utc_now()))
    page = await overview(operator)
    assert "Пётр &lt;1&gt;" in page
    assert (await operator.post("/console/bookings/1/lead", data={"lead": "999"})).status_code == 404
    assert (await operator.post("/console/bookings/9/lead", data={"lead": lead_id})).status_code == 404
    for _ in range(2):
        tied = await operator.post("/console/bookings/1/lead", data={"lead": lead_id})
        assert tied.headers["location"] == f"/console/leads/{lead_id}"
    assert (await operator.post("/console/bookings/1/lead", data={"lead": lead_id + 1})).status_code == 409
    assert await rows(database, "SELECT status FROM leads") == [{"status": "booked"}]
    page = (await operator.get("/console/overview")).text
    assert "Пётр &lt;1&gt;" not in page
    assert "Пётр &lt;2&gt;" in page


async def test_figures_are_kept_for_a_minute(operator: Client, database: Database) -> None:
    assert "at most a minute old" in await overview(operator)
    await add_contacted_lead(database)
    assert "<strong>0</strong>" in (await operator.get("/console/overview")).text
    assert "<strong>1</strong>" in await overview(operator)


async def test_those_who_wait_are_counted_for_every_page(operator: Client, database: Database) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.HANDED_OFF)
    await add_words(database, lead_id)
    waiting = (await operator.get("/console/waiting")).json()
    assert waiting == {"count": "1", "leads": [{"id": lead_id, "name": "Анна"}]}


async def test_browsers_are_signed_out(client: Client, database: Database) -> None:
    async with (
        signed_in(client, database, "Мария", "owner") as maria,
        signed_in(client, database, "Олег", "operator") as oleg,
    ):
        everybody = (await maria.get("/console/browsers")).text
        assert "Олег" in everybody
        assert "Мария" not in (await oleg.get("/console/browsers")).text
        (hers, his) = [
            row["id_hash"]
            for row in await rows(database, "SELECT id_hash FROM user_sessions ORDER BY user_id")
        ]
        assert (await oleg.post("/console/browsers/end", data={"browser": hers})).status_code == 404
        assert (await maria.post("/console/browsers/end", data={"browser": his})).status_code == 303
        assert (await oleg.get("/console/")).status_code == 303
        assert (await maria.get("/console/")).status_code == 200
