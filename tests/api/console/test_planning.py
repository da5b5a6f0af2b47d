"""Meetings and later messages that operators enter, and the marks that follow from them."""

from datetime import UTC, datetime, timedelta

import httpx2

from shared.database.engine import Database
from shared.statuses import LeadStatus
from tests.api.conftest import add_contacted_lead, rows
from tests.api.console.test_actions import reply, seen, status_of

SOON = (datetime.now(UTC) + timedelta(days=2)).replace(hour=12, minute=30, second=0, microsecond=0)


def local(moment: datetime) -> str:
    """Return a time as browsers send it."""
    return moment.strftime("%Y-%m-%dT%H:%M")


async def test_a_meeting_is_entered_changed_and_cancelled(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.SCHEDULED)
    # The browser is in Moscow: three hours are taken off.
    form = {"at": local(SOON + timedelta(hours=3)), "offset": "-180", "url": "https://meet.example.com/a"}
    assert (await operator.post(f"/console/leads/{lead_id}/booked", data=form)).status_code == 303
    assert await status_of(database, lead_id) is LeadStatus.BOOKED
    shown = SOON.strftime("%d.%m.%Y %H:%M UTC")
    for address in ("/console/", f"/console/leads/{lead_id}"):
        page = (await operator.get(address)).text
        assert "mark-booked" in page
        assert shown in page, address
    assert 'href="https://meet.example.com/a"' in page
    assert "entered a meeting" in page
    form = {"at": local(SOON + timedelta(days=1))}
    assert (await operator.post(f"/console/leads/{lead_id}/booked", data=form)).status_code == 303
    (booking,) = await rows(database, "SELECT state FROM bookings")
    assert booking == {"state": "booked"}
    page = (await operator.get("/console/")).text
    assert (SOON + timedelta(days=1)).strftime("%d.%m.%Y %H:%M UTC") in page
    assert (await operator.post(f"/console/leads/{lead_id}/not-booked")).status_code == 303
    assert await status_of(database, lead_id) is LeadStatus.SCHEDULED
    assert "mark-booked" not in (await operator.get("/console/")).text
    assert (await operator.post(f"/console/leads/{lead_id}/not-booked")).status_code == 404


async def test_a_meeting_needs_a_possible_time_and_a_link_that_is_one(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database, LeadStatus.SCHEDULED)
    for form in (
        {"at": local(SOON - timedelta(days=30))},
        {"at": local(SOON + timedelta(days=900))},
        {"at": local(SOON), "url": "javascript:alert(1)"},
        {"at": "tomorrow"},
        {},
    ):
        assert (await operator.post(f"/console/leads/{lead_id}/booked", data=form)).status_code == 422, form
    assert await status_of(database, lead_id) is LeadStatus.SCHEDULED


async def test_a_later_message_is_planned_replaced_and_taken_back(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database)
    for day in (SOON, SOON + timedelta(days=1)):
        answer = await operator.post(f"/console/leads/{lead_id}/later", data={"at": local(day)})
        assert answer.status_code == 303
    planned = await rows(database, "SELECT state, actor, after_message_id FROM planned_messages ORDER BY id")
    assert [row["state"] for row in planned] == ["cancelled", "planned"]
    assert planned[1] | {"state": ""} == {"state": "", "actor": "Мария", "after_message_id": 1}
    page = (await operator.get(f"/console/leads/{lead_id}")).text
    assert "Writes at the agreed time" in page
    assert (await operator.post(f"/console/leads/{lead_id}/not-later")).status_code == 303
    (lead,) = await rows(database, "SELECT follow_up_at FROM leads")
    assert lead["follow_up_at"] is None


async def test_nothing_is_planned_for_a_conversation_with_a_human(
    operator: httpx2.AsyncClient, database: Database
) -> None:
    lead_id = await add_contacted_lead(database)
    assert (await reply(operator, lead_id, await seen(operator, lead_id))).status_code == 303
    answer = await operator.post(f"/console/leads/{lead_id}/later", data={"at": local(SOON)})
    assert answer.status_code == 409
    assert await rows(database, "SELECT id FROM planned_messages") == []


async def test_the_owner_of_a_conversation_is_shown(operator: httpx2.AsyncClient, database: Database) -> None:
    lead_id = await add_contacted_lead(database)
    assert "mark-owner" not in (await operator.get("/console/")).text
    assert (await reply(operator, lead_id, await seen(operator, lead_id))).status_code == 303
    for address in ("/console/", f"/console/leads/{lead_id}"):
        assert "</span> Мария</span>" in (await operator.get(address)).text, address
