"""Outcomes of several leads in one settlement batch: no lead can delay another lead or make it fail."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
from sqlalchemy import event, update
from sqlmodel import col

from shared.database.engine import Database
from shared.database.models import Lead
from shared.errors import IllegalTransitionError, LostRaceError
from tests.support.rows import NOW, POLICY, add_leased, messages_of, moves_of, now_of, take_lease
from tests.support.settling import S, free, queued, settle_together, state
from tests.support.waiting import in_time
from worker.dispatch.settlement import Settlement, SettlementResult
from worker.domain.outcomes import (
    ChangeStatus,
    Delivered,
    Outcome,
    PeerFound,
    QueueMessage,
    Retry,
    Wait,
)
from worker.domain.telegram_port import Peer
from worker.queue.leases import WorkerId


def greeting(lead: Lead) -> QueueMessage:
    return QueueMessage("greeting", f"{lead.id}:greeting:1", "Здравствуйте!", S.CONTACTED)


async def test_each_outcome_of_a_batch_is_settled(kept_database: Database, me: WorkerId) -> None:
    new, resolved, sent, waits = [
        await add_leased(kept_database, me, status)
        for status in (S.PENDING, S.RESOLVED, S.RESOLVED, S.ENGAGED)
    ]
    message = await queued(kept_database, sent, kind="greeting", next_status=S.CONTACTED)
    peer = Peer(6_800_000_000 + me.account_id, 5)
    found, said, told, put_off = await settle_together(
        kept_database,
        me,
        (new, PeerFound(peer, "username")),
        (resolved, greeting(resolved)),
        (sent, Delivered(message.id, me.account_id * 1000, NOW)),
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


async def test_a_lost_lease_does_not_affect_the_other_leads(kept_database: Database, me: WorkerId) -> None:
    lost, kept = [await add_leased(kept_database, me, S.RESOLVED) for _ in range(2)]
    await take_lease(kept_database, lost, "somebody else")
    lost_too, settled = await settle_together(
        kept_database, me, (lost, greeting(lost)), (kept, greeting(kept))
    )
    assert isinstance(lost_too, LostRaceError)
    assert isinstance(settled, SettlementResult)
    assert await messages_of(kept_database, lost) == []
    assert len(await messages_of(kept_database, kept)) == 1


async def test_an_already_stored_message_does_not_affect_the_other_leads(
    kept_database: Database, me: WorkerId
) -> None:
    twice, once = [await add_leased(kept_database, me, S.RESOLVED) for _ in range(2)]
    await settle_together(kept_database, me, (twice, greeting(twice)))
    refused, settled = await settle_together(
        kept_database, me, (twice, greeting(twice)), (once, greeting(once))
    )
    assert isinstance(refused, Exception)
    assert isinstance(settled, SettlementResult)
    assert [len(await messages_of(kept_database, lead)) for lead in (twice, once)] == [1, 1]


async def test_two_leads_of_one_person_in_a_batch_share_one_conversation(
    kept_database: Database, me: WorkerId
) -> None:
    first, second = [await add_leased(kept_database, me, S.PENDING) for _ in range(2)]
    peer = Peer(6_810_000_000 + me.account_id, 5)
    await settle_together(
        kept_database, me, (first, PeerFound(peer, "username")), (second, PeerFound(peer, "username"))
    )
    assert (await now_of(kept_database, first)).status is S.RESOLVED
    joined = await now_of(kept_database, second)
    assert (joined.status, joined.duplicate_of) == (S.HANDED_OFF, first.id)


async def test_a_delivered_handoff_notice_stores_a_summary(kept_database: Database, me: WorkerId) -> None:
    called, other = [await add_leased(kept_database, me, S.ENGAGED) for _ in range(2)]
    messages = [
        await queued(kept_database, lead, next_status=status)
        for lead, status in ((called, S.HANDED_OFF), (other, S.SCHEDULED))
    ]
    number = me.account_id * 1000 + 500
    await settle_together(
        kept_database,
        me,
        (called, Delivered(messages[0].id, number, NOW)),
        (other, Delivered(messages[1].id, number + 1, NOW)),
    )
    handed = await now_of(kept_database, called)
    assert (handed.status, (await now_of(kept_database, other)).status) == (S.HANDED_OFF, S.SCHEDULED)
    assert handed.handoff_summary is not None


async def test_a_locked_lead_does_not_delay_the_other_leads(kept_database: Database, me: WorkerId) -> None:
    if not kept_database.is_postgres:
        # SQLite has one writer at a time, so there is no row lock to wait for.
        return
    held, free_one = [await add_leased(kept_database, me, S.RESOLVED) for _ in range(2)]
    settlement = Settlement(kept_database, me, POLICY)
    async with kept_database.writing() as session:
        await session.exec(update(Lead).where(col(Lead.id) == held.id).values(last_error="held"))
        waiting = asyncio.create_task(settlement.settle(held, greeting(held), now=NOW))
        settled = await in_time(settlement.settle(free_one, greeting(free_one), now=NOW))
        assert settled.lead is not None
        assert not waiting.done()
    assert (await waiting).lead is not None


REASON = "почему-то"
_people = count(6_820_000_000)


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """Collect the SELECT, INSERT and UPDATE statements that run in the block."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.extend([statement] if statement.startswith(("SELECT", "INSERT", "UPDATE")) else [])

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    yield found
    event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def test_a_batch_of_waits_and_retries_takes_three_statements(
    kept_database: Database, me: WorkerId
) -> None:
    leads = [await add_leased(kept_database, me, S.ENGAGED) for _ in range(40)]
    outcomes: list[Outcome] = [Wait(timedelta(minutes=1), REASON), Retry(REASON)]
    with statements_of(kept_database) as statements:
        results = await settle_together(
            kept_database, me, *[(lead, outcomes[number % 2]) for number, lead in enumerate(leads)]
        )
    assert all(isinstance(one, SettlementResult) and one.lead is None for one in results)
    assert len(statements) == 3, "one statement locks the leads, then one UPDATE runs for each kind"
    assert [(await now_of(kept_database, lead)).attempts for lead in leads] == [0, 1] * 20


async def test_an_illegal_transition_does_not_affect_the_other_leads(
    kept_database: Database, me: WorkerId
) -> None:
    new, talking = [await add_leased(kept_database, me, status) for status in (S.PENDING, S.ENGAGED)]
    refused, settled = await settle_together(
        kept_database, me, (new, ChangeStatus(S.BOOKED, REASON)), (talking, Wait(timedelta(hours=1), REASON))
    )
    assert isinstance(refused, IllegalTransitionError)
    assert settled == SettlementResult(None, NOW + timedelta(hours=1), S.ENGAGED)
    assert (await now_of(kept_database, new)).leased_by == me.lease_name
    assert await moves_of(kept_database, new) == []


@pytest.mark.parametrize("person", [None, 6_830_000_001])
async def test_cancelled_messages_to_another_person_are_not_sent_again(
    kept_database: Database, me: WorkerId, person: int | None
) -> None:
    """A lead that moved to another account has no known person, but it may have cancelled messages."""
    leads = [await add_leased(kept_database, me, S.PENDING, telegram_user_id=person) for _ in range(2)]
    for lead in leads:
        await queued(kept_database, lead, kind="greeting", state="cancelled")
    await settle_together(
        kept_database, me, *[(lead, PeerFound(Peer(next(_people), 5), "username")) for lead in leads]
    )
    states = [one.state for lead in leads for one in await messages_of(kept_database, lead)]
    assert states == ["failed", "failed"]


async def test_lost_leases_are_kept_until_the_lease_is_released(
    kept_database: Database, me: WorkerId
) -> None:
    goes_on, waits = [await add_leased(kept_database, me, S.ENGAGED, lost_leases=3) for _ in range(2)]
    await settle_together(
        kept_database, me, (goes_on, Wait(timedelta(), REASON)), (waits, Wait(timedelta(hours=1), REASON))
    )
    assert [(await now_of(kept_database, lead)).lost_leases for lead in (goes_on, waits)] == [3, 0]


async def test_a_locked_conversation_delays_only_the_lead_that_joins_it(
    kept_database: Database, me: WorkerId
) -> None:
    if not kept_database.is_postgres:
        # SQLite has one writer at a time, so there is no row lock to wait for.
        return
    known = await add_leased(kept_database, me, S.ENGAGED)
    joins, new = [await add_leased(kept_database, me, S.PENDING) for _ in range(2)]
    settlement = Settlement(kept_database, me, POLICY)
    async with kept_database.writing() as session:
        await session.exec(update(Lead).where(col(Lead.id) == known.id).values(last_error="held"))
        joining = asyncio.create_task(
            settlement.settle(joins, PeerFound(Peer(known.telegram_user_id or 0, 5), "phone"), now=NOW)
        )
        found = settlement.settle(new, PeerFound(Peer(next(_people), 5), "phone"), now=NOW)
        assert (await in_time(found)).status is S.RESOLVED
        assert not joining.done()
    assert (await joining).status is S.HANDED_OFF
    assert (await now_of(kept_database, joins)).duplicate_of == known.id
