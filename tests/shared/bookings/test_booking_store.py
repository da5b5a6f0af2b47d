"""What becomes of a lead when bookings are reported: in any order, twice, moved, cancelled, missed."""

from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from shared.bookings.booking_store import tie
from shared.database.engine import Database
from shared.database.models import LEADS, Booking, BookingEvent, Lead, PlannedMessage
from shared.leads.handoff import lock
from shared.statuses import LeadStatus
from tests.shared.bookings.conftest import (
    CANCELED,
    CREATED,
    NOW,
    START,
    Report,
    invitee,
    number,
    planned_of,
)
from tests.support.rows import add_lead, moves_of, now_of

S = LeadStatus
NO_SHOW, UNDONE = "invitee_no_show.created", "invitee_no_show.deleted"


async def bookings_of(database: Database, lead: Lead) -> list[Booking]:
    async with database.reading() as session:
        rows = select(Booking).where(col(Booking.lead_id) == lead.id).order_by(col(Booking.id))
        return list((await session.exec(rows)).all())


async def test_a_booking_makes_the_lead_booked_and_plans_its_reminders(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    booked = invitee(number(lead), lead.booking_token)
    first = await report(CREATED, booked)
    assert (first.lead_id, first.is_new) == (lead.id, True)
    after = await now_of(kept_database, lead)
    assert (after.status, after.meeting_at, after.meeting_url) == (
        *(S.BOOKED, START, f"https://zoom.us/j/{number(lead)}"),
    )
    assert after.follow_up_at == after.due_at == NOW
    planned = {
        "confirmation": NOW,
        "reminder_day": START - timedelta(days=1),
        "reminder_hour": START - timedelta(hours=1),
    }
    assert await planned_of(kept_database, lead) == planned
    assert (await moves_of(kept_database, lead))[-1] == (S.SCHEDULED, S.BOOKED, "a meeting was booked")
    # Delivered again, a day later.
    again = await report(CREATED, booked, NOW + timedelta(days=1))
    assert (again.booking_id, again.is_new) == (first.booking_id, False)
    assert await planned_of(kept_database, lead) == planned


async def test_a_cancel_by_the_person_is_acknowledged_once(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    booked = invitee(number(lead), lead.booking_token)
    cancelled = booked | {
        "status": "canceled",
        "cancellation": {"canceler_type": "invitee", "reason": "занята"},
    }
    await report(CREATED, booked)
    for _ in range(2):
        await report(CANCELED, cancelled, NOW + timedelta(hours=1))
    after = await now_of(kept_database, lead)
    assert (after.status, after.meeting_at, after.meeting_url) == (S.SCHEDULED, None, None)
    assert list(await planned_of(kept_database, lead)) == ["cancellation"]
    assert set(await planned_of(kept_database, lead, "cancelled")) == {
        *("confirmation", "reminder_day", "reminder_hour"),
    }


async def test_a_cancel_by_the_host_tells_the_person_nothing(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    booked = invitee(number(lead), lead.booking_token)
    await report(CREATED, booked)
    await report(CANCELED, booked | {"cancellation": {"canceler_type": "host"}})
    assert (await now_of(kept_database, lead)).status is S.SCHEDULED
    assert await planned_of(kept_database, lead) == {}


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("keeps_tracking", [True, False])
async def test_the_halves_of_a_reschedule_come_in_any_order(
    kept_database: Database, lead: Lead, report: Report, order: tuple[int, ...], keeps_tracking: bool
) -> None:
    old, new = invitee(f"{lead.id}-old", lead.booking_token), invitee(f"{lead.id}-new")
    later = START + timedelta(days=3)
    new["old_invitee"] = old["uri"]
    new["scheduled_event"]["start_time"] = later.isoformat()
    new["tracking"] = old["tracking"] if keeps_tracking else None
    gone = old | {"rescheduled": True, "new_invitee": new["uri"], "status": "canceled"}
    gone["cancellation"] = {"canceler_type": "invitee"}
    calls = [(CREATED, old), (CANCELED, gone), (CREATED, new)]
    for which in order:
        await report(*calls[which])
    after = await now_of(kept_database, lead)
    assert (after.status, after.meeting_at) == (S.BOOKED, later)
    assert {one.external_id: one.state for one in await bookings_of(kept_database, lead)} == {
        old["uri"]: "moved",
        new["uri"]: "booked",
    }
    planned = await planned_of(kept_database, lead)
    assert planned == {
        "confirmation": NOW,
        "reminder_day": later - timedelta(days=1),
        "reminder_hour": later - timedelta(hours=1),
    }


async def test_a_cancel_that_comes_before_its_booking_wins(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    booked = invitee(number(lead), lead.booking_token)
    await report(CANCELED, booked | {"cancellation": {"canceler_type": "invitee"}})
    await report(CREATED, booked)
    assert (await now_of(kept_database, lead)).status is S.SCHEDULED
    assert [one.state for one in await bookings_of(kept_database, lead)] == ["cancelled"]


async def test_a_no_show_gets_one_message_unless_it_is_taken_back(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    booked = invitee(number(lead), lead.booking_token)
    await report(CREATED, booked)
    late = START + timedelta(minutes=40)
    # The documentation shows the event in two ways.
    missed = {"uri": "https://api.calendly.com/invitee_no_shows/N1", "invitee": booked["uri"]}
    await report(NO_SHOW, missed, late)
    assert [one.state for one in await bookings_of(kept_database, lead)] == ["no_show"]
    assert (await now_of(kept_database, lead)).status is S.BOOKED
    assert list(await planned_of(kept_database, lead)) == ["no_show"]
    await report(UNDONE, booked | {"no_show": None}, late + timedelta(minutes=1))
    assert [one.state for one in await bookings_of(kept_database, lead)] == ["booked"]
    assert await planned_of(kept_database, lead) == {}
    # The report of before, once more and late.
    await report(NO_SHOW, missed, late + timedelta(minutes=2), at=late)
    assert [one.state for one in await bookings_of(kept_database, lead)] == ["booked"]


@pytest.mark.parametrize("state", ["done", "planned"])
async def test_a_no_show_that_an_earlier_release_has_planned_gets_no_second_message(
    kept_database: Database, lead: Lead, report: Report, state: str
) -> None:
    booked = invitee(number(lead), lead.booking_token)
    recorded = await report(CREATED, booked)
    late = START + timedelta(minutes=40)
    key = f"booking:{recorded.booking_id}:no_show:{int(late.timestamp())}"
    row = {"kind": "no_show", "key": key, "state": state, "send_at": late}
    async with kept_database.writing() as session:
        session.add(PlannedMessage(lead_id=lead.id, booking_id=recorded.booking_id, **row))
    await report(NO_SHOW, {"uri": "n", "invitee": booked["uri"]}, late)
    rows = select(PlannedMessage.key, PlannedMessage.state).where(
        col(PlannedMessage.lead_id) == lead.id, col(PlannedMessage.kind) == "no_show"
    )
    async with kept_database.reading() as session:
        assert (await session.exec(rows)).all() == [(key, state)]


async def test_a_no_show_that_is_told_too_late_is_only_known(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    booked = invitee(number(lead), lead.booking_token)
    await report(CREATED, booked)
    missed = booked | {"no_show": {"uri": "n", "created_at": START.isoformat()}}
    await report(NO_SHOW, missed, START + timedelta(hours=3), at=START)
    assert [one.state for one in await bookings_of(kept_database, lead)] == ["no_show"]
    assert await planned_of(kept_database, lead) == {}


async def test_contacts_find_the_lead_without_a_token(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    async with kept_database.writing() as session:
        row = await lock(session, lead.id)
        assert row is not None
        row.phone_e164, row.extra = f"+7916{lead.id:07}", {"Email": f"Anna{lead.id}@Example.com"}
        session.add(row)
    by_phone = invitee(f"{lead.id}-phone", email="x@example.com")
    by_phone["questions_and_answers"] = [
        {"question": "Телефон", "answer": f"8 916 {lead.id:07}", "position": 0}
    ]
    assert (await report(CREATED, by_phone)).lead_id == lead.id
    by_email = invitee(f"{lead.id}-email", email=f"anna{lead.id}@example.com")
    assert (await report(CREATED, by_email)).lead_id == lead.id
    other = invitee(f"{lead.id}-other", email=f"anna{lead.id}@example.co")
    assert (await report(CREATED, other)).lead_id is None


async def test_a_booking_of_nobody_is_kept_and_tied_by_hand(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    recorded = await report(CREATED, invitee(number(lead), "unknown", email="nobody@example.com"))
    assert recorded.lead_id is None
    async with kept_database.writing() as session:
        booking = await session.get_one(Booking, recorded.booking_id)
        assert await tie(session, booking, 10**9, actor="maria", now=NOW) is None
        await tie(session, booking, lead.id, actor="maria", now=NOW)
    assert (await now_of(kept_database, lead)).status is S.BOOKED
    async with kept_database.reading() as session:
        events = select(BookingEvent.kind, BookingEvent.actor).where(
            col(BookingEvent.booking_id) == recorded.booking_id
        )
        assert sorted((await session.exec(events)).all()) == [("created", "calendly"), ("tied", "maria")]


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        (S.CONTACTED, S.BOOKED),
        (S.ENGAGED, S.BOOKED),
        (S.NO_REPLY, S.BOOKED),
        (S.REJECTED, S.BOOKED),
        # Nobody is asked for a call that they have booked.
        (S.PENDING, S.HANDED_OFF),
        # A human has the conversation, and keeps it.
        (S.HANDED_OFF, S.HANDED_OFF),
        (S.UNREACHABLE, S.UNREACHABLE),
    ],
)
async def test_the_status_after_a_booking(
    kept_database: Database, report: Report, status: LeadStatus, becomes: LeadStatus
) -> None:
    lead = await add_lead(kept_database, status=status, due_at=None)
    async with kept_database.writing() as session:
        row = await lock(session, lead.id)
        assert row is not None
        row.booking_token = f"own-{lead.id}"
        session.add(row)
    await report(CREATED, invitee(number(lead), f"own-{lead.id}"))
    after = await now_of(kept_database, lead)
    assert (after.status, after.meeting_at) == (becomes, START)
    assert bool(await planned_of(kept_database, lead)) is (becomes is S.BOOKED)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
async def test_the_lead_from_which_a_meeting_was_moved_has_none_any_more(
    kept_database: Database, lead: Lead, report: Report, order: tuple[int, int]
) -> None:
    person = {"account_id": lead.account_id, "telegram_user_id": 10**9 + lead.id, "access_hash": 1}
    token = f"other-{lead.id}"
    other = await add_lead(kept_database, status=S.SCHEDULED, booking_token=token, due_at=None, **person)
    old, new = invitee(f"{lead.id}-o", lead.booking_token), invitee(f"{lead.id}-n", token)
    new["old_invitee"] = old["uri"]
    gone = old | {"rescheduled": True, "new_invitee": new["uri"], "status": "canceled"}
    await report(CREATED, old)
    calls = [(CANCELED, gone), (CREATED, new)]
    for which in order:
        await report(*calls[which])
    assert ((await now_of(kept_database, lead)).status, await planned_of(kept_database, lead)) == (
        *(S.SCHEDULED, {}),
    )
    after = await now_of(kept_database, other)
    assert (after.status, after.meeting_at) == (S.BOOKED, START)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("is_older_first", [True, False])
async def test_a_meeting_moved_to_another_lead_of_the_same_person_is_not_cancelled(
    kept_database: Database, lead: Lead, report: Report, order: tuple[int, int], is_older_first: bool
) -> None:
    """The lead that had it before is neither handed over nor followed up, whatever its number."""
    token = f"newer-{lead.id}"
    person = {"account_id": lead.account_id, "telegram_user_id": lead.telegram_user_id, "access_hash": 1}
    other = await add_lead(kept_database, status=S.BOOKED, booking_token=token, due_at=None, **person)
    former, latter = (lead, other) if is_older_first else (other, lead)
    async with kept_database.writing() as session:
        for each, status in ((former, S.BOOKED), (latter, S.SCHEDULED)):
            await session.exec(update(LEADS).where(LEADS.c.id == each.id).values(status=status))
    old, new = invitee(f"{lead.id}-o", former.booking_token), invitee(f"{lead.id}-n", latter.booking_token)
    new["old_invitee"] = old["uri"]
    gone = old | {"rescheduled": True, "new_invitee": new["uri"], "status": "canceled"}
    await report(CREATED, old)
    calls = [(CANCELED, gone), (CREATED, new)]
    for which in order:
        await report(*calls[which])
    after = await now_of(kept_database, former)
    assert (after.status, after.meeting_at) == (S.BOOKED, None)
    assert await planned_of(kept_database, former) == {}
    after = await now_of(kept_database, latter)
    assert (after.status, after.meeting_at) == (S.BOOKED, START)
