"""What is planned around a meeting: after takeovers, drafts, moves there and back, and late reports."""

from datetime import timedelta

from sqlmodel import col, select

from shared.bookings import by_hand
from shared.database.engine import Database
from shared.database.models import Lead, Message, PlannedMessage
from shared.leads import plans
from shared.leads.handoff import hand_to_human, lock, return_to_assistant
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
from tests.support.rows import now_of
from worker.bookings.periodic_jobs import BookingRounds
from worker.messaging import inbox


async def test_a_takeover_ends_what_is_planned_and_its_end_plans_it_again(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    rounds = BookingRounds(kept_database, lead.account_id or 0, lambda: NOW, None)
    await report(CREATED, invitee(number(lead), lead.booking_token))
    planned = await planned_of(kept_database, lead)
    async with kept_database.writing() as session:
        row = await lock(session, lead.id)
        assert row is not None
        # Not wanted by anybody: it does not come back.
        rows = select(PlannedMessage.id).where(
            col(PlannedMessage.lead_id) == lead.id, col(PlannedMessage.kind) == "reminder_day"
        )
        unwanted = (await session.exec(rows)).all()
        await plans.cancel(session, lead.id, only=unwanted, reason="on request", actor="api", now=NOW)
        # This one is with Telegram already: it may have been sent.
        rows = select(PlannedMessage.id).where(
            col(PlannedMessage.lead_id) == lead.id, col(PlannedMessage.kind) == "confirmation"
        )
        (sent,) = (await session.exec(rows)).all()
        await plans.take(session, sent)
        key = plans.message_key(lead.id, sent)
        message = {"direction": "out", "kind": "follow_up", "state": "queued", "random_id": lead.id}
        session.add(Message(lead_id=lead.id, account_id=lead.account_id, text="…", key=key, **message))
        await session.flush()
        await hand_to_human(session, row, reason="a human wrote", actor="human", now=NOW)
    assert await planned_of(kept_database, lead) == {}
    assert (await now_of(kept_database, lead)).follow_up_at is None
    assert await rounds.plan_missing() == 0
    async with kept_database.writing() as session:
        row = await lock(session, lead.id)
        assert row is not None
        await return_to_assistant(session, row, reason="done", actor="human", now=NOW)
    assert [await rounds.plan_missing() for _ in range(2)] == [1, 0]
    assert await planned_of(kept_database, lead) == {"reminder_hour": planned["reminder_hour"]}
    after = await now_of(kept_database, lead)
    assert after.due_at == after.follow_up_at == planned["reminder_hour"]
    # As a draft that nobody has approved when the person writes.
    async with kept_database.writing() as session:
        row = await lock(session, lead.id)
        assert row is not None
        waiting = (await plans.load_planned(session, [lead.id]))[lead.id]
        await plans.take(session, waiting[0].id)
        draft = {"key": plans.message_key(lead.id, waiting[0].id), "direction": "out", "kind": "follow_up"}
        session.add(Message(lead_id=lead.id, account_id=lead.account_id, text="…", state="draft", **draft))
        await session.flush()
        await inbox.schedule_reply(session, row, now=NOW, debounce=timedelta(seconds=8))
    assert [await rounds.plan_missing() for _ in range(2)] == [1, 0]
    assert await planned_of(kept_database, lead) == {"reminder_hour": planned["reminder_hour"]}


async def test_a_meeting_that_is_moved_away_and_back_is_confirmed_and_reminded_of_again(
    kept_database: Database, lead: Lead
) -> None:
    for minute, start in enumerate((START, START + timedelta(hours=5), START)):
        async with kept_database.writing() as session:
            row = await lock(session, lead.id)
            assert row is not None
            now = NOW + timedelta(hours=24, minutes=minute)
            await by_hand.book(session, row, start=start, actor="maria", now=now)
            confirmation = select(PlannedMessage).where(
                col(PlannedMessage.lead_id) == lead.id,
                col(PlannedMessage.kind) == "confirmation",
                col(PlannedMessage.state) == "planned",
            )
            one = (await session.exec(confirmation)).one()
            assert (one.send_at, one.step) == (now, minute or None)
            await plans.finish(session, lead.id, [one.id], now=now)
        assert await planned_of(kept_database, lead) == {
            "reminder_day": start - timedelta(days=1),
            "reminder_hour": start - timedelta(hours=1),
        }


async def test_a_late_report_is_confirmed_to_nobody(
    kept_database: Database, lead: Lead, report: Report
) -> None:
    booked = invitee(number(lead), lead.booking_token)
    now = NOW + timedelta(hours=13)
    await report(CREATED, booked, now, at=NOW)
    assert set(await planned_of(kept_database, lead)) == {"reminder_day", "reminder_hour"}
    gone = booked | {"cancellation": {"canceler_type": "invitee"}}
    await report(CANCELED, gone, now + timedelta(hours=13), at=now)
    assert await planned_of(kept_database, lead) == {}
