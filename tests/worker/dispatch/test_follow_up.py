"""A requested follow-up is sent once, unless the contact writes first; deleted messages are not answered."""

from dataclasses import replace
from datetime import timedelta

from sqlmodel import col, delete, select

from shared.database.engine import Database
from shared.database.models import Lead, PlannedMessage
from shared.intents import Intent
from shared.leads import plans
from tests.support.rows import DEBOUNCE, NOW, add_leased, add_message, messages_of, now_of, take_lease
from tests.support.settling import S, write
from worker.domain.outcomes import Delivered, NothingToDo, QueueMessage, Suppressed
from worker.domain.telegram_port import Incoming
from worker.follow_ups.legacy_backfill import adopt_requests
from worker.messaging import inbox
from worker.queue.leases import WorkerId

LATER = NOW + timedelta(days=3)


async def lead_with_follow_up(database: Database, me: WorkerId) -> Lead:
    """Add a lead that was promised a follow-up at LATER."""
    lead = await add_leased(database, me, S.CONTACTED)
    received = await add_message(database, lead, telegram_message_id=me.account_id * 1000)
    answers = (received.id,)
    answer = QueueMessage(
        "answer", f"{lead.id}:reply", "Напишу", S.ENGAGED, answers, Intent.ACCEPT, follow_up_at=LATER
    )
    await write(database, me, lead, answer)
    await take_lease(database, lead, me.lease_name)
    *_, queued = await messages_of(database, lead)
    settled = await write(database, me, lead, Delivered(queued.id, me.account_id * 1000 + 1, NOW))
    assert (settled.status, settled.due) == (S.ENGAGED, LATER)
    return await now_of(database, lead)


async def test_what_an_older_program_promised_is_planned_once(kept_database: Database, me: WorkerId) -> None:
    lead = await lead_with_follow_up(kept_database, me)
    async with kept_database.writing() as session:
        # A program of before revision 0020 stores no plan.
        await session.exec(delete(PlannedMessage).where(col(PlannedMessage.lead_id) == lead.id))
    for expected in (1, 0):
        async with kept_database.writing() as session:
            assert await adopt_requests(session, me.account_id) == expected
    async with kept_database.reading() as session:
        (planned,) = (await plans.load_planned(session, [lead.id]))[lead.id]
    newest = (await messages_of(kept_database, lead))[-1]
    assert (planned.kind, planned.send_at, planned.after_message_id) == ("requested", LATER, newest.id)


async def test_a_follow_up_is_sent_once(kept_database: Database, me: WorkerId) -> None:
    lead = await lead_with_follow_up(kept_database, me)
    await take_lease(kept_database, lead, me.lease_name)
    assert (await write(kept_database, me, lead, NothingToDo())).due == LATER
    await take_lease(kept_database, lead, me.lease_name)
    planned = await planned_of(kept_database, lead)
    key = plans.message_key(lead.id, planned.id)
    message = QueueMessage("follow_up", key, "Вы просили", None, planned_id=planned.id)
    await write(kept_database, me, lead, message)
    await take_lease(kept_database, lead, me.lease_name)
    *_, queued = await messages_of(kept_database, lead)
    sent = Delivered(queued.id, me.account_id * 1000 + 2, LATER)
    assert (await write(kept_database, me, lead, sent)).due is None
    assert (await now_of(kept_database, lead)).follow_up_at is None
    assert (await planned_of(kept_database, lead)).state == "done"
    # The same decision once more, after the plan has changed: nothing is queued.
    await take_lease(kept_database, lead, me.lease_name)
    await write(kept_database, me, lead, replace(message, key=f"{key}:again"))
    assert [row.kind for row in await messages_of(kept_database, lead)].count("follow_up") == 1


async def planned_of(database: Database, lead: Lead) -> PlannedMessage:
    async with database.reading() as session:
        found = await session.exec(select(PlannedMessage).where(col(PlannedMessage.lead_id) == lead.id))
        return found.one()


async def test_a_new_message_cancels_the_follow_up(kept_database: Database, me: WorkerId) -> None:
    lead = await lead_with_follow_up(kept_database, me)
    incoming = Incoming(lead.telegram_user_id or 0, me.account_id * 1000 + 5, "Уже свободен", NOW)
    async with kept_database.writing() as session:
        await inbox.receive(session, me.account_id, incoming, now=NOW, debounce=DEBOUNCE)
    after = await now_of(kept_database, lead)
    assert (after.follow_up_at, after.due_at) == (None, NOW + DEBOUNCE)
    planned = await planned_of(kept_database, lead)
    assert (planned.state, planned.reason) == ("cancelled", plans.PERSON_WROTE)


async def test_a_suppressed_contact_gets_no_follow_up(kept_database: Database, me: WorkerId) -> None:
    lead = await lead_with_follow_up(kept_database, me)
    await take_lease(kept_database, lead, me.lease_name)
    assert (await write(kept_database, me, lead, Suppressed("в списке"))).due is None


async def test_a_deleted_message_is_not_answered(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    number = me.account_id * 1000
    await add_message(kept_database, lead, state="handled", telegram_message_id=number + 1)
    kept = await add_message(kept_database, lead, telegram_message_id=number + 2, text="Да")
    gone = await add_message(kept_database, lead, telegram_message_id=number + 3, text="Нет")
    async with kept_database.writing() as session:
        await inbox.mark_deleted(session, me.account_id, [number + 1, number + 3, number + 9])
    assert [row.state for row in await messages_of(kept_database, lead)] == ["handled", "received", "deleted"]
    # The answer was decided before the deletion; it still answers the remaining message.
    answers = (kept.id, gone.id)
    await write(
        kept_database,
        me,
        lead,
        QueueMessage("answer", f"{lead.id}:reply", "Ответ", None, answers, Intent.ACCEPT),
    )
    rows = await messages_of(kept_database, lead)
    assert [row.state for row in rows] == ["handled", "handled", "deleted", "queued"]
