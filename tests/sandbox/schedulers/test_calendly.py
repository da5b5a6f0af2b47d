"""Connect, book on the page, move, cancel, miss: webhooks and polling against the sandbox's Calendly."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from sandbox.calendly.state import TOKEN
from shared.bookings.schedulers.calendly_api import calendly_api
from shared.bookings.schedulers.http_api import SchedulerError
from shared.clock import utc_now
from shared.database.models import BOOKING_CONNECTIONS, LEADS, OwnerNotice
from tests.sandbox.schedulers.conftest import Story
from worker.bookings.links import personal_link
from worker.bookings.periodic_jobs import BookingRounds
from worker.bookings.polling import Polling
from worker.bookings.readers.calendly_reader import CalendlyReader
from worker.doctor.booking_checks import check_scheduler


async def polling_of(story: Story) -> Polling:
    # The tests of a module share the database.
    async with story.database.writing() as session:
        await session.exec(BOOKING_CONNECTIONS.delete())
    return Polling(story.database, utc_now, CalendlyReader(story.client), "DE")


def rounds_of(story: Story, polling: Polling | None = None) -> BookingRounds:
    return BookingRounds(
        story.database, story.lead.account_id or 0, utc_now, "en", [polling] if polling else []
    )


async def test_the_webhooks_way_from_the_link_to_the_no_show(story: Story) -> None:
    await polling_of(story)
    first = await story.connection.connect(story.api_url, now=utc_now())
    again = await story.connection.connect(story.api_url, now=utc_now())
    assert (first.split(":")[0], again.split(":")[0]) == ("connected", "connected already")
    assert len(story.calendly.subscriptions) == 1
    # The visitor opens the lead's own link and picks a time.
    link = personal_link(f"{story.calendly.page_url}/owner/30min", story.lead.booking_token or "", "Анна")
    page = (await story.http.get(link)).text
    assert 'value="Анна"' in page
    fields = dict(re.findall(r'name="(utm_\w+)" value="([^"]*)"', page))
    assert fields["utm_content"] == story.lead.booking_token
    start = re.findall(r'<option value="([^"]+)"', page)[-1]
    form = fields | {"start": start, "name": "Анна", "email": "anna@example.com"}
    booked = await story.http.post(link.partition("?")[0], data=form)
    await story.webhooks.idle()
    lead = await story.lead_now()
    assert (lead["status"], datetime.fromisoformat(lead["meeting_at"])) == (
        "booked",
        datetime.fromisoformat(start),
    )
    # Moved by the link of the page, both halves the wrong way round and each of them twice.
    await story.control("/faults", reversed=True, twice=True)
    move = re.search(r'href="([^"]+reschedulings[^"]+)"', booked.text)
    assert move is not None
    later = re.findall(r'<option value="([^"]+)"', page)[-2]
    assert (await story.http.post(move[1], data={"start": later})).is_success
    await story.webhooks.idle()
    lead = await story.lead_now()
    assert datetime.fromisoformat(lead["meeting_at"]) == datetime.fromisoformat(later)
    assert [one["state"] for one in lead["bookings"]] == ["booked", "moved"] or [
        one["state"] for one in lead["bookings"]
    ] == ["moved", "booked"]
    active = [one["kind"] for one in lead["planned"] if one["state"] == "planned"]
    assert sorted(active) == ["confirmation", "reminder_day", "reminder_hour"]
    number = max(story.calendly.invitees)
    for action, state in (("no_show", "no_show"), ("no_show_undone", "booked")):
        await story.control(f"/bookings/{number}", action=action)
        states = {one["external_id"]: one["state"] for one in (await story.lead_now())["bookings"]}
        assert states[story.calendly.invitees[number].uri] == state
    await story.control("/faults")
    await story.control(f"/bookings/{number}", action="cancel")
    lead = await story.lead_now()
    assert (lead["status"], lead["meeting_at"]) == ("scheduled", None)
    assert [one["kind"] for one in lead["planned"] if one["state"] == "planned"] == ["cancellation"]
    assert await story.connection.disconnect(now=utc_now()) == "disconnected"
    assert story.calendly.subscriptions == {}


async def test_polling_finds_what_the_webhook_has_missed_and_nothing_twice(story: Story) -> None:
    polling = await polling_of(story)
    await story.connection.connect(story.api_url, now=utc_now())
    booked = await story.book()
    assert await polling.poll(utc_now()) == 0
    await story.control("/faults", never=10)
    moved = await story.book(start=(utc_now() + timedelta(days=7)).isoformat(), moves=booked["number"])
    assert len((await story.lead_now())["bookings"]) == 1
    assert await polling.poll(utc_now()) == 2
    assert await polling.poll(utc_now()) == 0
    lead = await story.lead_now()
    assert {one["external_id"]: one["state"] for one in lead["bookings"]} == {
        booked["uri"]: "moved",
        moved["uri"]: "booked",
    }
    # A no-show and its taking back, by polling alone; the meeting is over.
    one = story.calendly.invitees[moved["number"]]
    one.start = utc_now() - timedelta(hours=1)
    for action, state in (("no_show", "no_show"), ("no_show_undone", "booked")):
        await story.control(f"/bookings/{one.number}", action=action)
        assert await polling.poll(utc_now()) == 1
        assert {b["external_id"]: b["state"] for b in (await story.lead_now())["bookings"]}[one.uri] == state


async def test_a_disabled_subscription_is_found_told_and_made_again(story: Story) -> None:
    polling = await polling_of(story)
    await story.connection.connect(story.api_url, now=utc_now())
    # A wrong signature gets 401 until Calendly gives up.
    await story.control("/faults", wrong_signature=100)
    await story.book()
    assert [one["status"] for one in story.calendly.deliveries] == [401] * 5
    state, sentence = await story.connection.status(now=utc_now())
    assert (state, "connect" in sentence) == ("disabled", True)
    assert not (await check_scheduler(story.client, story.database)).is_well
    # The worker looks daily, and tells the owner once a day.
    rounds = rounds_of(story, polling)
    for _ in range(2):
        await rounds.run_once()
    async with story.database.reading() as session:
        notices = select(OwnerNotice.key).where(col(OwnerNotice.account_id) == story.lead.account_id)
        assert [key for key in (await session.exec(notices)).all() if key.startswith("calendly:")] == [
            f"calendly:disabled:{utc_now():%Y-%m-%d}"
        ]
    await story.control("/faults")
    await story.connection.connect(story.api_url, now=utc_now())
    assert (await check_scheduler(story.client, story.database)).is_well
    assert [one.state for one in story.calendly.subscriptions.values()] == ["active"]
    # Another address: the old subscription goes.
    await story.connection.connect("https://new.example.com/", now=utc_now())
    assert [one.callback_url for one in story.calendly.subscriptions.values()] == [
        "https://new.example.com/bookings/calendly"
    ]


async def test_rounds_poll_in_time_and_wait_after_a_refusal(story: Story) -> None:
    polling = await polling_of(story)
    await story.book()
    now = datetime.now(UTC)
    polling.clock = lambda: now
    assert await polling.run_once() == 1
    now += timedelta(minutes=2)
    await story.book(name="Пётр", tracking={}, email="p@example.com")
    assert await polling.run_once() == 0
    now += timedelta(minutes=4)
    await story.control("/faults", rate_limit=0)
    assert await polling.run_once() == 0
    await story.control("/faults", rate_limit=1000)
    now += timedelta(seconds=30)
    assert await polling.run_once() == 0
    now += timedelta(minutes=6)
    assert await polling.run_once() == 1


async def test_a_failed_poll_does_not_wait_for_the_next_turn(story: Story) -> None:
    polling = await polling_of(story)
    await story.connection.connect(story.api_url, now=utc_now())
    now = datetime.now(UTC)
    polling.clock = lambda: now
    assert await polling.run_once() == 0
    # The webhook misses a booking, and the daily poll fails twice.
    await story.control("/faults", never=1, rate_limit=0)
    await story.book()
    now += timedelta(hours=25)
    waits = []
    for _ in range(2):
        assert await polling.run_once() == 0
        assert polling._not_before is not None
        waits.append(polling._not_before - now)
        now = polling._not_before
    assert timedelta(minutes=1) <= waits[0] < waits[1]
    await story.control("/faults", rate_limit=1000)
    assert await polling.run_once() == 1


async def test_what_a_call_lacks_is_asked_for_and_phones_are_of_the_region(story: Story) -> None:
    polling = await polling_of(story)
    await story.connection.connect(story.api_url, now=utc_now())
    await story.control("/faults", bare=True)
    await story.book()
    lead = await story.lead_now()
    assert (lead["status"], lead["meeting_at"], lead["planned"]) == ("booked", None, [])
    phone = f"+49151{story.lead.id:08}"
    async with story.database.writing() as session:
        await session.exec(update(LEADS).where(LEADS.c.id == story.lead.id).values(phone_e164=phone))
    start, answer = (
        utc_now() + timedelta(days=9),
        {"question": "Телефон", "answer": f"0151 {story.lead.id:08}"},
    )
    story.calendly.book(start, "Анна", "a@example.com", answers=[answer], tracking={})
    # The time of the first one, and the second one by its phone.
    assert await polling.run_once() == 1
    lead = await story.lead_now()
    assert len(lead["bookings"]) == 2
    assert {one["kind"] for one in lead["planned"]} == {"confirmation", "reminder_day", "reminder_hour"}
    await story.control("/faults")


async def test_a_booking_that_calendly_refuses_to_tell_does_not_stop_the_polling(story: Story) -> None:
    polling = await polling_of(story)
    await story.connection.connect(story.api_url, now=utc_now())
    await story.control("/faults", bare=True)
    refused = await story.book()
    story.calendly.forbidden.add(story.calendly.invitees[refused["number"]].event_uri)
    story.calendly.book(utc_now() + timedelta(days=9), "Анна", "a@example.com", tracking={})
    # The new one is found: neither the time nor the invitees of the refused one are told.
    assert await polling.run_once() == 1
    assert polling._not_before is None
    await story.control("/faults")
    # It is asked for in each poll, and read once it is told.
    assert await polling.poll(utc_now()) == 0
    story.calendly.forbidden.clear()
    await polling.poll(utc_now())
    lead = await story.lead_now()
    assert all(one["start_at"] for one in lead["bookings"] if one["external_id"] == refused["uri"])
    assert lead["meeting_at"] is not None


async def test_a_wrong_token_is_told(story: Story) -> None:
    with pytest.raises(SchedulerError, match="401"):
        await calendly_api(story.client.http.base_url, TOKEN + "x").account()
    with pytest.raises(SchedulerError, match="not reached"):
        await calendly_api("http://127.0.0.1:1", TOKEN).account()
