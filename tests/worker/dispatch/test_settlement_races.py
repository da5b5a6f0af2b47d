"""Races of settlements: with other leads of the same person, and with messages that arrive meanwhile."""

import asyncio
from datetime import timedelta

import pytest

from shared.database.engine import Database
from shared.database.models import Lead
from shared.intents import Intent
from shared.statuses import LeadStatus
from tests.support.rows import DEBOUNCE, NOW, POLICY, add_leased, add_message, messages_of, now_of
from worker.dispatch.settlement import Settlement, SettlementResult
from worker.domain.outcomes import Delivered, NoReplyNeeded, Outcome, PeerFound
from worker.domain.telegram_port import Incoming, Peer
from worker.messaging import inbox
from worker.queue.leases import WorkerId

S = LeadStatus
ROUNDS = range(5)


async def write(database: Database, me: WorkerId, lead: Lead, outcome: Outcome) -> SettlementResult:
    return await Settlement(database, me, POLICY).settle(lead, outcome, now=NOW)


async def receive(database: Database, me: WorkerId, lead: Lead, number: int) -> None:
    incoming = Incoming(lead.telegram_user_id or 0, number, "Ещё вопрос", NOW)
    async with database.writing() as session:
        await inbox.receive(session, me.account_id, incoming, now=NOW, debounce=DEBOUNCE)


@pytest.mark.parametrize("number", ROUNDS)
async def test_only_one_of_several_leads_of_a_person_is_greeted(
    kept_database: Database, me: WorkerId, number: int
) -> None:
    person = Peer(6_800_000_000 + me.account_id, 1)
    leads = [await add_leased(kept_database, me, S.PENDING) for _ in range(4)]
    found = [write(kept_database, me, lead, PeerFound(person, "username")) for lead in leads]
    settled = await asyncio.gather(*found)
    assert sorted(one.status for one in settled) == [S.HANDED_OFF] * 3 + [S.RESOLVED]
    rows = [await now_of(kept_database, lead) for lead in leads]
    (greeted,) = [row for row in rows if row.status is S.RESOLVED]
    assert {row.duplicate_of for row in rows if row is not greeted} == {greeted.id}
    asked = [message.key for message in await messages_of(kept_database, greeted)]
    assert sorted(map(str, asked)) == sorted(f"{row.id}:request" for row in rows if row is not greeted)


@pytest.mark.parametrize("number", ROUNDS)
async def test_a_message_arrives_during_the_settlement_of_a_verdict(
    kept_database: Database, me: WorkerId, number: int
) -> None:
    lead = await add_leased(kept_database, me, S.SCHEDULED)
    understood = await add_message(kept_database, lead)
    await asyncio.gather(
        write(kept_database, me, lead, NoReplyNeeded((understood.id,), Intent.ACCEPT)),
        receive(kept_database, me, lead, 1),
    )
    row = await now_of(kept_database, lead)
    assert (row.due_at, row.leased_by) == (NOW + DEBOUNCE, None)
    assert [message.state for message in await messages_of(kept_database, lead)] == ["handled", "received"]


@pytest.mark.parametrize("number", ROUNDS)
async def test_a_message_arrives_while_the_greeting_is_recorded(
    kept_database: Database, me: WorkerId, number: int
) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED)
    greeting = await add_message(
        kept_database, lead, direction="out", kind="greeting", state="queued", next_status=S.CONTACTED
    )
    await asyncio.gather(
        write(kept_database, me, lead, Delivered(greeting.id, 1, NOW)),
        receive(kept_database, me, lead, 2),
    )
    row = await now_of(kept_database, lead)
    assert (row.status, row.due_at) == (S.CONTACTED, NOW + DEBOUNCE)


async def test_the_first_message_limits_the_debounce(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.ENGAGED)
    await add_message(kept_database, lead, created_at=NOW - timedelta(minutes=1))
    await add_message(kept_database, lead, created_at=NOW)
    settled = await write(kept_database, me, lead, NoReplyNeeded((), Intent.AMBIGUOUS))
    # Sixty seconds of messages exceed six debounce intervals of eight seconds.
    assert settled.lead is not None


@pytest.mark.parametrize("number", ROUNDS)
async def test_a_new_request_at_the_end_of_a_conversation_is_never_lost(
    kept_database: Database, me: WorkerId, number: int
) -> None:
    """The request joins the old conversation or gets its own greeting; exactly one of the two happens."""
    old = await add_leased(kept_database, me, S.CONTACTED)
    new = await add_leased(kept_database, me, S.PENDING)
    apology = await add_message(
        kept_database, old, direction="out", kind="apology", state="queued", next_status=S.REJECTED
    )
    await asyncio.gather(
        write(kept_database, me, old, Delivered(apology.id, None, NOW)),
        write(kept_database, me, new, PeerFound(Peer(old.telegram_user_id or 0, 1), "username")),
    )
    before, after = await now_of(kept_database, old), await now_of(kept_database, new)
    asked = [message.kind for message in await messages_of(kept_database, old)][1:]
    assert before.status is S.REJECTED
    joined = (after.status, asked, before.due_at) == (S.HANDED_OFF, ["request"], NOW + DEBOUNCE)
    assert joined != ((after.status, asked, before.due_at) == (S.RESOLVED, [], None))
