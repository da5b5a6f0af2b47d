"""The inbox: messages are stored once, with the right lead, and answered after the debounce."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from shared.database.engine import Database
from shared.database.models import Lead
from shared.intents import Intent
from shared.leads.transitions import change_status
from shared.statuses import REPLIED_TO, LeadStatus
from tests.support.rows import DEBOUNCE, NOW, add_account, add_leased, add_message, messages_of, now_of
from tests.worker.messaging.receiving import SECOND, incoming_message, receive
from worker.domain.telegram_port import Incoming
from worker.messaging import inbox
from worker.queue import leases
from worker.queue.leases import WorkerId


async def test_a_message_is_stored_unchanged(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.CONTACTED, due_at=None)
    found = await receive(kept_database, me, incoming_message(lead, 42))
    assert found is not None
    assert found.id == lead.id
    (message,) = await messages_of(kept_database, lead)
    assert (message.text, message.telegram_message_id) == ("Здравствуйте!", 42)
    assert (message.direction, message.kind, message.state) == ("in", "reply", "received")
    assert (message.created_at, message.sent_at) == (NOW, NOW - SECOND)
    assert (await now_of(kept_database, lead)).due_at == NOW + DEBOUNCE


async def test_a_repeated_message_is_stored_once(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.CONTACTED, due_at=None)
    arrivals = [
        receive(kept_database, me, incoming_message(lead, 42), number * SECOND) for number in range(6)
    ]
    stored = [found for found in await asyncio.gather(*arrivals) if found is not None]
    assert len(stored) == 1
    assert len(await messages_of(kept_database, lead)) == 1
    assert await receive(kept_database, me, incoming_message(lead, 42), 60 * SECOND) is None
    due = (await now_of(kept_database, lead)).due_at
    assert due is not None
    assert due <= NOW + 5 * SECOND + DEBOUNCE


async def test_the_same_message_id_in_two_accounts_is_two_messages(
    kept_database: Database, me: WorkerId
) -> None:
    other = WorkerId(await add_account(kept_database), "life1")
    mine = await add_leased(kept_database, me, LeadStatus.CONTACTED)
    theirs = await add_leased(
        kept_database, other, LeadStatus.CONTACTED, telegram_user_id=mine.telegram_user_id
    )
    assert await receive(kept_database, me, incoming_message(mine, 42)) is not None
    assert await receive(kept_database, other, incoming_message(theirs, 42)) is not None
    assert [len(await messages_of(kept_database, lead)) for lead in (mine, theirs)] == [1, 1]


async def test_messages_of_unknown_senders_are_ignored(kept_database: Database, me: WorkerId) -> None:
    assert await receive(kept_database, me, Incoming(1, 1, "Реклама", NOW)) is None


async def test_a_message_belongs_to_the_open_lead_or_else_to_the_newest(
    kept_database: Database, me: WorkerId
) -> None:
    person = 6_500_000_000 + me.account_id
    first, opened, last = [
        await add_leased(kept_database, me, status, telegram_user_id=person)
        for status in (LeadStatus.BOOKED, LeadStatus.ENGAGED, LeadStatus.REJECTED)
    ]
    found = await receive(kept_database, me, incoming_message(first, 1))
    assert found is not None
    assert found.id == opened.id
    async with kept_database.writing() as session:
        await change_status(session, opened, LeadStatus.NO_REPLY, reason=None, actor="test", now=NOW)
    found = await receive(kept_database, me, incoming_message(first, 2))
    assert found is not None
    assert found.id == last.id


async def test_each_message_extends_the_debounce_up_to_a_limit(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED, due_at=None)
    dues = []
    for number in range(12):
        await receive(kept_database, me, incoming_message(lead, number + 1), number * 6 * SECOND)
        dues.append((await now_of(kept_database, lead)).due_at)
    most = NOW + inbox.MAX_DEBOUNCES * DEBOUNCE
    assert dues == [min(NOW + number * 6 * SECOND + DEBOUNCE, most) for number in range(12)]
    assert dues[-1] == most


@pytest.mark.parametrize("status", sorted(REPLIED_TO))
async def test_a_message_makes_its_lead_due(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    lead = await add_leased(kept_database, me, status, due_at=None)
    await receive(kept_database, me, incoming_message(lead))
    assert (await now_of(kept_database, lead)).due_at == NOW + DEBOUNCE


@pytest.mark.parametrize("status", sorted(set(LeadStatus) - REPLIED_TO - {LeadStatus.HANDED_OFF}))
async def test_a_person_who_writes_before_us_or_again_is_in_a_conversation(
    kept_database: Database, me: WorkerId, status: LeadStatus
) -> None:
    known = {"telegram_user_id": 6_100_000_000 + me.account_id, "account_id": me.account_id}
    lead = await add_leased(kept_database, me, status, due_at=None, last_error="closed to strangers", **known)
    draft = await add_message(kept_database, lead, direction="out", kind="greeting", state="draft")
    assert await receive(kept_database, me, incoming_message(lead)) is not None
    row = await now_of(kept_database, lead)
    assert (row.status, row.due_at, row.last_error) == (LeadStatus.ENGAGED, NOW + DEBOUNCE, None)
    assert [(one.id == draft.id, one.state) for one in await messages_of(kept_database, lead)] == [
        (True, "cancelled"),
        (False, "received"),
    ]


async def test_a_greeting_that_may_be_on_its_way_decides_the_status(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.RESOLVED)
    await add_message(kept_database, lead, direction="out", kind="greeting", state="queued")
    await receive(kept_database, me, incoming_message(lead))
    row = await now_of(kept_database, lead)
    assert (row.status, row.due_at) == (LeadStatus.RESOLVED, NOW + DEBOUNCE)
    assert [one.state for one in await messages_of(kept_database, lead)] == ["queued", "received"]


async def test_an_event_without_words_is_only_stored(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.FAILED, due_at=None)
    await receive(kept_database, me, replace(incoming_message(lead), needs_answer=False))
    assert [message.state for message in await messages_of(kept_database, lead)] == ["handled"]
    assert (await now_of(kept_database, lead)).status is LeadStatus.FAILED


async def test_a_message_to_a_human_is_stored_as_handled(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.HANDED_OFF, due_at=None)
    await receive(kept_database, me, incoming_message(lead))
    assert [message.state for message in await messages_of(kept_database, lead)] == ["handled"]
    assert (await now_of(kept_database, lead)).due_at is None


async def test_a_message_does_not_bring_a_queued_message_forward(
    kept_database: Database, me: WorkerId
) -> None:
    hours = NOW + timedelta(hours=5)
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED, due_at=hours)
    await add_message(kept_database, lead, direction="out", kind="answer", state="queued")
    await receive(kept_database, me, incoming_message(lead))
    assert (await now_of(kept_database, lead)).due_at == hours


async def test_a_message_during_the_settlement_of_a_delivery_is_answered(
    kept_database: Database, me: WorkerId
) -> None:
    """An automatic reply arrives within milliseconds, while the greeting is being recorded."""
    lead = await add_leased(kept_database, me, LeadStatus.RESOLVED, due_at=None)
    async with kept_database.writing() as session:
        (locked,) = await leases.lock_leased(session, me, [lead.id], waits=True)
        arriving = asyncio.create_task(receive(kept_database, me, incoming_message(lead)))
        # The inbox reads the lead before the delivery is committed.
        await asyncio.wait({arriving}, timeout=0.1)
        await change_status(
            session, locked, LeadStatus.CONTACTED, reason="delivered", actor="worker", now=NOW, due_at=None
        )
    assert await arriving is not None
    assert (await now_of(kept_database, lead)).due_at == NOW + DEBOUNCE


async def test_handled_messages_store_their_intent(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    one, two, three = [await add_message(kept_database, lead) for _ in range(3)]
    async with kept_database.writing() as session:
        await inbox.mark_all_handled(session, dict.fromkeys((one.id, two.id), Intent.ACCEPT))
    after = await messages_of(kept_database, lead)
    assert [(message.state, message.intent) for message in after] == [
        ("handled", Intent.ACCEPT),
        ("handled", Intent.ACCEPT),
        ("received", None),
    ]
    async with kept_database.reading() as session:
        assert await inbox.debounce_ends_at(session, lead.id, debounce=DEBOUNCE) == NOW + DEBOUNCE
    async with kept_database.writing() as session:
        await inbox.mark_all_handled(session, {three.id: Intent.REJECT})
        assert await inbox.debounce_ends_at(session, lead.id, debounce=DEBOUNCE) is None


async def with_messages(database: Database, lead: Lead, *ours: int, theirs: int | None = None) -> Lead:
    """Add messages with these Telegram ids to a lead; returns the lead."""
    for number in ours:
        await add_message(
            database, lead, direction="out", kind="answer", state="sent", telegram_message_id=number
        )
    if theirs is not None:
        await add_message(database, lead, telegram_message_id=theirs)
    return lead


async def test_catch_up_chats_are_recent_conversations_and_leads_that_wait(
    kept_database: Database, me: WorkerId
) -> None:
    numbers = count(me.account_id * 1000)
    kept = [
        await with_messages(kept_database, await add_leased(kept_database, me, status), next(numbers))
        for status in sorted(set(LeadStatus) - {LeadStatus.PENDING})
    ]
    for status in (LeadStatus.RESOLVED, LeadStatus.UNREACHABLE, LeadStatus.FAILED):
        # Nobody was written to: they may write first.
        kept.append(await add_leased(kept_database, me, status))
    old = await add_leased(kept_database, me, LeadStatus.ENGAGED, updated_at=NOW - timedelta(days=40))
    await with_messages(kept_database, old, next(numbers))
    other = WorkerId(await add_account(kept_database), "x")
    await with_messages(
        kept_database, await add_leased(kept_database, other, LeadStatus.ENGAGED), next(numbers)
    )
    # Without any message of this lead, those in the chat belong to another conversation.
    silent = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    unasked = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    await with_messages(kept_database, unasked, next(numbers))
    people = [lead.telegram_user_id or 0 for lead in (*kept, old, silent)]
    async with kept_database.reading() as session:
        found = await inbox.load_catch_up_chats(
            session, me.account_id, people, since=NOW - timedelta(days=30)
        )
    assert {one.lead.id for one in found} == {lead.id for lead in kept}


async def test_a_catch_up_chat_has_the_first_sent_and_the_newest_message_id(
    kept_database: Database, me: WorkerId
) -> None:
    base = me.account_id * 1000
    lead = await add_leased(kept_database, me, LeadStatus.CONTACTED)
    await with_messages(kept_database, lead, base + 9, base + 7, theirs=base + 11)
    await add_message(kept_database, lead, telegram_message_id=base + 5)
    await add_message(kept_database, lead, direction="out", kind="answer", state="queued")
    people = [lead.telegram_user_id or 0]
    async with kept_database.reading() as session:
        (found,) = await inbox.load_catch_up_chats(session, me.account_id, people, since=NOW)
    assert (found.first_sent, found.newest) == (base + 7, base + 11)
