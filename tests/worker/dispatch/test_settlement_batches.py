"""Outcomes of several leads that are written together: each comes to what it would come to by itself."""

import asyncio

from sqlalchemy import update
from sqlmodel import col

from shared.database.engine import Database
from shared.database.models import Lead
from shared.errors import LostRaceError
from tests.support.rows import NOW, POLICY, add_leased, messages_of, moves_of, now_of, take_lease
from tests.support.settling import S, free, queued, state
from worker.dispatch.moves import SettlementResult
from worker.dispatch.settlement import Settlement
from worker.domain.outcomes import Delivered, Outcome, PeerFound, QueueMessage, Wait
from worker.domain.telegram_port import Peer
from worker.queue.leases import WorkerId


def greeting(lead: Lead) -> QueueMessage:
    return QueueMessage("greeting", f"{lead.id}:greeting:1", "Здравствуйте!", S.CONTACTED)


async def together(
    database: Database, me: WorkerId, *outcomes: tuple[Lead, Outcome]
) -> list[SettlementResult | BaseException]:
    settling = Settlement(database, me, POLICY)
    asks = [settling.settle(lead, outcome, now=NOW) for lead, outcome in outcomes]
    return await asyncio.gather(*asks, return_exceptions=True)


async def test_each_of_several_comes_to_its_own(kept_database: Database, me: WorkerId) -> None:
    new, resolved, sent, waits = [
        await add_leased(kept_database, me, status)
        for status in (S.PENDING, S.RESOLVED, S.RESOLVED, S.ENGAGED)
    ]
    message = await queued(kept_database, sent, kind="greeting", next_status=S.CONTACTED)
    peer = Peer(6_800_000_000 + me.account_id, 5)
    found, said, told, put_off = await together(
        kept_database,
        me,
        (new, PeerFound(peer, "username")),
        (resolved, greeting(resolved)),
        (sent, Delivered(message.id or 0, me.account_id * 1000, NOW)),
        (waits, Wait(POLICY.debounce, "not now")),
    )
    assert isinstance(found, SettlementResult)
    assert found.lead is not None
    assert (found.lead.status, found.lead.telegram_user_id) == (S.RESOLVED, peer.user_id)
    assert isinstance(said, SettlementResult)
    assert said.lead is not None
    assert [one.state for one in await messages_of(kept_database, resolved)] == ["queued"]
    assert told == SettlementResult(None, None, S.CONTACTED)
    assert await state(kept_database, sent) == free(S.CONTACTED)
    assert await moves_of(kept_database, sent) == [(S.RESOLVED, S.CONTACTED, "greeting delivered")]
    assert put_off == SettlementResult(None, NOW + POLICY.debounce, S.ENGAGED)


async def test_a_lost_lease_costs_the_others_nothing(kept_database: Database, me: WorkerId) -> None:
    lost, kept = [await add_leased(kept_database, me, S.RESOLVED) for _ in range(2)]
    await take_lease(kept_database, lost, "somebody else")
    lost_too, settled = await together(kept_database, me, (lost, greeting(lost)), (kept, greeting(kept)))
    assert isinstance(lost_too, LostRaceError)
    assert isinstance(settled, SettlementResult)
    assert await messages_of(kept_database, lost) == []
    assert len(await messages_of(kept_database, kept)) == 1


async def test_words_that_are_stored_already_cost_the_others_nothing(
    kept_database: Database, me: WorkerId
) -> None:
    twice, once = [await add_leased(kept_database, me, S.RESOLVED) for _ in range(2)]
    await together(kept_database, me, (twice, greeting(twice)))
    refused, settled = await together(kept_database, me, (twice, greeting(twice)), (once, greeting(once)))
    assert isinstance(refused, Exception)
    assert isinstance(settled, SettlementResult)
    assert [len(await messages_of(kept_database, lead)) for lead in (twice, once)] == [1, 1]


async def test_two_leads_of_one_person_found_together(kept_database: Database, me: WorkerId) -> None:
    first, second = [await add_leased(kept_database, me, S.PENDING) for _ in range(2)]
    peer = Peer(6_810_000_000 + me.account_id, 5)
    await together(
        kept_database, me, (first, PeerFound(peer, "username")), (second, PeerFound(peer, "username"))
    )
    assert (await now_of(kept_database, first)).status is S.RESOLVED
    joined = await now_of(kept_database, second)
    assert (joined.status, joined.duplicate_of) == (S.HANDED_OFF, first.id)


async def test_a_message_that_brings_a_human_brings_a_summary(kept_database: Database, me: WorkerId) -> None:
    called, other = [await add_leased(kept_database, me, S.ENGAGED) for _ in range(2)]
    messages = [
        await queued(kept_database, lead, next_status=status)
        for lead, status in ((called, S.HANDED_OFF), (other, S.SCHEDULED))
    ]
    number = me.account_id * 1000 + 500
    await together(
        kept_database,
        me,
        (called, Delivered(messages[0].id or 0, number, NOW)),
        (other, Delivered(messages[1].id or 0, number + 1, NOW)),
    )
    handed = await now_of(kept_database, called)
    assert (handed.status, (await now_of(kept_database, other)).status) == (S.HANDED_OFF, S.SCHEDULED)
    assert handed.handoff_summary is not None


async def test_a_lead_in_somebodys_hands_keeps_nobody_waiting(kept_database: Database, me: WorkerId) -> None:
    if not kept_database.is_postgres:
        # SQLite has one writer at a time: there is nobody to wait beside.
        return
    held, free_one = [await add_leased(kept_database, me, S.RESOLVED) for _ in range(2)]
    settling = Settlement(kept_database, me, POLICY)
    async with kept_database.writing() as session:
        await session.exec(update(Lead).where(col(Lead.id) == held.id).values(last_error="held"))
        waiting = asyncio.create_task(settling.settle(held, greeting(held), now=NOW))
        settled = await asyncio.wait_for(settling.settle(free_one, greeting(free_one), now=NOW), 30)
        assert settled.lead is not None
        assert not waiting.done()
    assert (await waiting).lead is not None
