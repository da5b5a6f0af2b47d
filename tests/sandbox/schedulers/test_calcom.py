"""Cal.com connected, booked, moved, missed and cancelled: webhooks and polling against the sandbox."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, select

from sandbox.calcom.state import TOKEN
from shared.bookings.schedulers.calcom_api import calcom_api
from shared.bookings.schedulers.connection import Connection
from shared.bookings.schedulers.http_api import SchedulerError
from shared.clock import utc_now
from shared.database.models import BOOKING_CONNECTIONS, OwnerNotice, PlannedMessage
from shared.statuses import LeadStatus
from tests.sandbox.schedulers.conftest import Story
from tests.support.rows import add_lead, now_of
from worker.bookings.periodic_jobs import BookingRounds
from worker.bookings.polling import Polling
from worker.bookings.readers.calcom_reader import CalcomReader
from worker.doctor.booking_checks import check_scheduler


async def polling_of(story: Story) -> Polling:
    # The tests of a module share the database.
    async with story.database.writing() as session:
        await session.exec(BOOKING_CONNECTIONS.delete())
    return Polling(story.database, utc_now, CalcomReader(story.calcom_client), "DE")


def connection_of(story: Story) -> Connection:
    return Connection(story.database, story.calcom_client)


async def book(story: Story, days: float = 5, **body: object) -> dict:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=days)
    given = {"start": start.isoformat(), "metadata": {"lead": story.lead.booking_token}}
    return await story.control("/bookings", "calcom", **given | body)


async def states_of(story: Story) -> dict[str, str]:
    return {one["external_id"]: one["state"] for one in (await story.lead_now())["bookings"]}


async def test_webhooks_and_polling_together_tell_everything_once(story: Story) -> None:
    polling, connection = await polling_of(story), connection_of(story)
    first = await connection.connect(story.api_url, now=utc_now())
    again = await connection.connect(story.api_url, now=utc_now())
    assert (first.split(":")[0], again.split(":")[0]) == ("connected", "connected already")
    await story.control("/faults", "calcom", twice=True)
    booked = await book(story)
    assert [one["status"] for one in story.calcom.deliveries] == [200, 200]
    assert await polling.poll(utc_now()) == 0
    lead = await story.lead_now()
    assert (lead["status"], datetime.fromisoformat(lead["meeting_at"])) == (
        "booked",
        datetime.fromisoformat(booked["start"]),
    )
    assert [one["kind"] for one in lead["planned"]] == ["confirmation", "reminder_day", "reminder_hour"]
    # Moved without the metadata: by the earlier booking.
    await story.control("/faults", "calcom", bare=True)
    moved = await book(story, 7, moves=booked["number"], metadata={})
    # The list says that the earlier one is cancelled, too: it is the other half of the same move.
    assert await polling.poll(utc_now()) == 1
    assert await polling.poll(utc_now()) == 0
    assert await states_of(story) == {booked["uid"]: "moved", moved["uid"]: "booked"}
    active = [one["kind"] for one in (await story.lead_now())["planned"] if one["state"] == "planned"]
    assert sorted(active) == ["confirmation", "reminder_day", "reminder_hour"]
    for action, state in (("no_show", "no_show"), ("no_show_undone", "booked")):
        await story.control(f"/bookings/{moved['number']}", "calcom", action=action)
        assert (await states_of(story))[moved["uid"]] == state
        assert await polling.poll(utc_now()) == 0
    await story.control(f"/bookings/{moved['number']}", "calcom", action="cancel")
    assert await polling.poll(utc_now()) == 0
    lead = await story.lead_now()
    assert (lead["status"], lead["meeting_at"]) == ("scheduled", None)
    assert [one["kind"] for one in lead["planned"] if one["state"] == "planned"] == ["cancellation"]
    assert await connection.disconnect(now=utc_now()) == "disconnected"
    assert story.calcom.webhooks == {}


async def test_polling_alone(story: Story) -> None:
    polling = await polling_of(story)
    booked = await book(story)
    story.calcom.bookings[booked["number"]].status = "pending"
    assert await polling.run_once() == 0
    story.calcom.bookings[booked["number"]].status = "accepted"
    assert await polling.poll(utc_now()) == 1
    moved = await book(story, 7, moves=booked["number"])
    assert await polling.poll(utc_now()) == 2
    for action, state in (("no_show", "no_show"), ("no_show_undone", "booked"), ("no_show", "no_show")):
        await story.control(f"/bookings/{moved['number']}", "calcom", action=action)
        assert [await polling.poll(utc_now()) for _ in range(2)] == [1, 0]
        assert await states_of(story) == {booked["uid"]: "moved", moved["uid"]: state}
    third = await book(story, 9)
    await story.control(f"/bookings/{third['number']}", "calcom", action="cancel_by_host")
    assert await polling.poll(utc_now()) == 2
    assert (await states_of(story))[third["uid"]] == "cancelled"
    # A call of Cal.com is not signed: the worker has connected nothing.
    unsigned = await story.http.post(f"{story.api_url}/bookings/calcom", json={"triggerEvent": "PING"})
    assert unsigned.status_code == 401


async def test_polling_reads_all_people_and_moves_under_the_same_uid(story: Story) -> None:
    polling = await polling_of(story)
    person = {"telegram_user_id": story.lead.id + 10**6, "access_hash": 1, "due_at": None}
    token = {"status": LeadStatus.SCHEDULED, "booking_token": f"second-{story.lead.id}"}
    second = await add_lead(story.database, account_id=story.lead.account_id, **person, **token)
    booked = await book(story, guests=["guest@example.com"])
    path, vera = f"/bookings/{booked['number']}", {"name": "Вера", "email": f"v{second.id}@example.com"}
    await story.control(f"{path}/seats", "calcom", **vera, metadata={"lead": second.booking_token})
    assert [await polling.poll(utc_now()) for _ in range(2)] == [2, 0]
    assert [(await now_of(story.database, one)).status for one in (story.lead, second)] == [
        LeadStatus.BOOKED
    ] * 2
    # The host moves the meeting. The poll finds it once for each person, at whatever time it is told again.
    later = datetime.fromisoformat(booked["start"]) + timedelta(hours=3)
    await story.control(path, "calcom", action="shift", start=later.isoformat())
    assert [await polling.poll(utc_now()) for _ in range(2)] == [2, 0]
    assert {(await now_of(story.database, one)).meeting_at for one in (story.lead, second)} == {later}
    # A webhook reports the next moves, the last one while a poll is under way: it has read the earlier time.
    await connection_of(story).connect(story.api_url, now=utc_now())
    await story.control(path, "calcom", action="shift", start=(later + timedelta(hours=1)).isoformat())
    old = [one async for one in polling.reader.read(utc_now())]
    latest = later + timedelta(hours=2)
    await story.control(path, "calcom", action="shift", start=latest.isoformat())
    assert [await polling._record(one, utc_now()) for one in old] == [0, 0, 0]
    assert await polling.poll(utc_now()) == 0
    # Once more, as a webhook reports a move that a poll has found already.
    story.calcom_webhooks.report(("BOOKING_RESCHEDULED", story.calcom.bookings[booked["number"]]))
    await story.calcom_webhooks.idle()
    for one in (story.lead, second):
        assert (await now_of(story.database, one)).meeting_at == latest
        async with story.database.reading() as session:
            plan = select(PlannedMessage).where(col(PlannedMessage.lead_id) == one.id)
            rows = [row for row in (await session.exec(plan)).all() if row.kind == "confirmation"]
        # For each time one, and only that of the last time is still to be sent.
        assert [(row.state, row.step) for row in rows] == [
            *(("cancelled", None), ("cancelled", 1), ("cancelled", 2), ("planned", 3)),
        ]
    await connection_of(story).disconnect(now=utc_now())


async def test_a_webhook_that_was_switched_off_is_found_told_and_made_again(story: Story) -> None:
    polling, connection = await polling_of(story), connection_of(story)
    await connection.connect(story.api_url, now=utc_now())
    await story.control("/webhooks/disable", "calcom")
    finding = await check_scheduler(story.calcom_client, story.database)
    assert not finding.is_well
    assert "api calcom connect" in finding.remedy
    rounds = BookingRounds(story.database, story.lead.account_id or 0, utc_now, "en", [polling])
    for _ in range(2):
        await rounds.run_once()
    async with story.database.reading() as session:
        notices = select(OwnerNotice.key).where(col(OwnerNotice.account_id) == story.lead.account_id)
        keys = [key for key in (await session.exec(notices)).all() if key.startswith("calcom:")]
    assert keys == [f"calcom:disabled:{utc_now():%Y-%m-%d}"]
    await connection.connect("https://new.example.com", now=utc_now())
    assert [one.url for one in story.calcom.webhooks.values()] == ["https://new.example.com/bookings/calcom"]
    assert (await check_scheduler(story.calcom_client, story.database)).is_well


async def test_refusals_are_told_and_waited_for(story: Story) -> None:
    polling = await polling_of(story)
    with pytest.raises(SchedulerError, match="401: Your api key is not valid"):
        await calcom_api(story.calcom_client.http.base_url, TOKEN + "x").account()
    await story.control("/faults", "calcom", rate_limit=0)
    assert await polling.run_once() == 0
    assert polling._not_before is not None
    assert polling._not_before >= utc_now() + timedelta(seconds=55)
