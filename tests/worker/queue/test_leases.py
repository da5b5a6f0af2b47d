"""Leases: claiming, locking, renewal, release, and leases of lost workers."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from shared.database.engine import Database
from shared.database.models import Lead
from shared.errors import LostRaceError
from shared.statuses import LeadStatus
from tests.support.rows import LEASE, NOW, add_account, add_lead, add_message, now_of, take_lease
from worker.queue import leases
from worker.queue.leases import WorkerId

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def mine(database: Database) -> WorkerId:
    return WorkerId(await add_account(database), "life1")


@pytest.fixture
async def others(database: Database) -> WorkerId:
    return WorkerId(await add_account(database), "life1")


async def claim(
    database: Database,
    me: WorkerId,
    *,
    limit: int = 10,
    suspects: int = leases.MAX_SUSPECT,
    quarantined: int = leases.MAX_QUARANTINED,
    at: timedelta = timedelta(),
) -> list[Lead]:
    request = leases.ClaimRequest(me, NOW + at, LEASE, suspects, quarantined)
    async with database.writing() as session:
        return list(await leases.claim(session, request, limit=limit))


async def greeted(database: Database, **fields: Any) -> Lead:  # noqa: ANN401
    """Add a contacted lead without an account."""
    return await add_lead(database, status=LeadStatus.CONTACTED, **fields)


async def test_claim_returns_the_longest_due_leads_first(database: Database, mine: WorkerId) -> None:
    leads = [await greeted(database, due_at=NOW - minutes * MINUTE) for minutes in (1, 3, 0, 2)]
    assert [lead.id for lead in await claim(database, mine, limit=3)] == [
        leads[1].id,
        leads[3].id,
        leads[0].id,
    ]
    assert [lead.id for lead in await claim(database, mine)] == [leads[2].id]
    assert await claim(database, mine) == []


async def test_only_due_leads_are_claimed(database: Database, mine: WorkerId) -> None:
    await greeted(database, due_at=NOW + timedelta(seconds=1))
    await greeted(database, due_at=None)
    assert await claim(database, mine) == []
    assert len(await claim(database, mine, at=MINUTE)) == 1


async def test_a_claimed_lead_is_leased(database: Database, mine: WorkerId) -> None:
    lead = await greeted(database)
    (claimed,) = await claim(database, mine)
    assert (claimed.leased_by, claimed.leased_until) == (mine.lease_name, NOW + LEASE)
    stored = await now_of(database, lead)
    assert (stored.leased_by, stored.leased_until, stored.lost_leases) == (mine.lease_name, NOW + LEASE, 0)


async def test_a_lead_cannot_be_claimed_until_its_lease_expires(
    database: Database, mine: WorkerId, others: WorkerId
) -> None:
    lead = await greeted(database)
    await claim(database, mine)
    assert await claim(database, others, at=LEASE - timedelta(seconds=1)) == []
    (taken,) = await claim(database, others, at=LEASE)
    assert (taken.id, taken.leased_by, taken.lost_leases) == (lead.id, others.lease_name, 1)
    (again,) = await claim(database, mine, at=2 * LEASE)
    assert again.lost_leases == 2


async def test_suspects_and_quarantined_leads_have_limited_slots(database: Database, mine: WorkerId) -> None:
    lost = {"leased_by": "dead", "leased_until": NOW - MINUTE}
    healthy = [await greeted(database, lost_leases=count, **lost) for count in (0, leases.SUSPECT_AFTER - 2)]
    suspects = [
        await greeted(database, lost_leases=count, **lost)
        for count in range(leases.QUARANTINE_AFTER - 2, leases.SUSPECT_AFTER - 2, -1)
    ]
    quarantined = [
        await greeted(database, lost_leases=leases.QUARANTINE_AFTER + more, **lost) for more in (9, 0)
    ]
    claimed = await claim(database, mine, suspects=2, quarantined=0)
    assert {lead.id for lead in claimed} == {lead.id for lead in (*healthy, *suspects[-2:])}
    assert await claim(database, mine, suspects=0, quarantined=0) == []
    claimed = await claim(database, mine)
    assert {lead.id for lead in claimed} == {quarantined[1].id, *(lead.id for lead in suspects[:-2])}


@pytest.mark.parametrize(
    ("losses", "overdue", "is_poison"),
    [
        (leases.POISON_AFTER, leases.POISON_FOR, True),
        (leases.POISON_AFTER - 1, leases.POISON_FOR, False),
        (leases.POISON_AFTER, leases.POISON_FOR - MINUTE, False),
    ],
)
async def test_a_lead_is_poison_after_many_lost_leases_over_a_long_time(
    database: Database, mine: WorkerId, losses: int, overdue: timedelta, *, is_poison: bool
) -> None:
    lost = {"leased_by": "dead", "leased_until": NOW - MINUTE, "lost_leases": losses - 1}
    await greeted(database, due_at=NOW - overdue, **lost)
    (claimed,) = await claim(database, mine)
    assert leases.is_poison(claimed, NOW) is is_poison


async def test_leads_of_another_account_are_not_claimed(
    database: Database, mine: WorkerId, others: WorkerId
) -> None:
    lead = await greeted(database, account_id=mine.account_id)
    assert await claim(database, others) == []
    assert [found.id for found in await claim(database, mine)] == [lead.id]


async def test_concurrent_workers_never_claim_the_same_lead(database: Database) -> None:
    workers = [WorkerId(await add_account(database), "life1") for _ in range(8)]
    async with database.writing() as session:
        for number in range(200):
            session.add(
                Lead(
                    name=str(number),
                    username="someone",
                    status=LeadStatus.CONTACTED,
                    source="api",
                    due_at=NOW - timedelta(seconds=number),
                    created_at=NOW,
                    updated_at=NOW,
                )
            )

    async def work(me: WorkerId) -> list[int]:
        got: list[int] = []
        while leads := await claim(database, me, limit=7):
            got += [lead.id for lead in leads]
        return got

    shares = await asyncio.gather(*map(work, workers))
    claimed = [lead for share in shares for lead in share]
    assert len(claimed) == len(set(claimed)) == 200


async def test_locking_requires_the_lease(database: Database, mine: WorkerId, others: WorkerId) -> None:
    lead = await greeted(database, leased_by=mine.lease_name, leased_until=NOW + LEASE)
    async with database.writing() as session:
        (locked,) = await leases.lock_leased(session, mine, [lead.id], waits=True)
        assert locked.id == lead.id
    await take_lease(database, lead, others.lease_name)
    with pytest.raises(LostRaceError, match=f"worked on by {others.lease_name}"):
        async with database.writing() as session:
            await leases.lock_leased(session, mine, [lead.id], waits=True)
    with pytest.raises(LostRaceError, match="it is gone"):
        async with database.writing() as session:
            await leases.lock_leased(session, mine, [404], waits=True)


async def test_locking_returns_the_current_row(database: Database, mine: WorkerId) -> None:
    lead = await greeted(database, leased_by=mine.lease_name, attempts=1)
    async with database.writing() as session:
        stale = await session.get_one(Lead, lead.id)
        assert stale.attempts == 1
        await session.exec(update(Lead).values(attempts=2).execution_options(synchronize_session=False))
        (locked,) = await leases.lock_leased(session, mine, [lead.id], waits=True)
        assert locked.attempts == 2


async def test_renewal_extends_only_own_leases(database: Database, mine: WorkerId, others: WorkerId) -> None:
    kept = await greeted(database, leased_by=mine.lease_name, leased_until=NOW)
    unasked = await greeted(database, leased_by=mine.lease_name, leased_until=NOW)
    lost = await greeted(database, leased_by=others.lease_name, leased_until=NOW)
    async with database.writing() as session:
        await leases.renew(session, mine, [kept.id, lost.id], until=NOW + LEASE)
    assert [(await now_of(database, lead)).leased_until for lead in (kept, unasked, lost)] == [
        NOW + LEASE,
        NOW,
        NOW,
    ]


async def test_a_released_lead_has_no_lost_lease_and_no_attempt(
    database: Database, mine: WorkerId, others: WorkerId
) -> None:
    ours = await greeted(database, leased_by=mine.lease_name, leased_until=NOW + LEASE)
    theirs = await greeted(database, leased_by=others.lease_name, leased_until=NOW + LEASE)
    async with database.writing() as session:
        await leases.release(session, mine, [ours.id, theirs.id])
    assert (await now_of(database, theirs)).leased_by == others.lease_name
    (again,) = await claim(database, others)
    assert (again.id, again.lost_leases, again.attempts) == (ours.id, 0, 0)


async def test_leases_of_earlier_processes_of_the_account_are_expired(
    database: Database, mine: WorkerId, others: WorkerId
) -> None:
    earlier = WorkerId(mine.account_id, "life0")
    # The prefix `account-1/` must not match the leases of account 11.
    longer = WorkerId(int(f"{mine.account_id}1"), "life0")
    holders = (earlier.lease_name, mine.lease_name, others.lease_name, longer.lease_name)
    leads = [await greeted(database, leased_by=name, leased_until=NOW + LEASE) for name in holders]
    async with database.writing() as session:
        assert await leases.expire_previous_leases(session, mine, now=NOW) == 1
    assert [(await now_of(database, lead)).leased_until for lead in leads] == [NOW] + 3 * [NOW + LEASE]
    (taken,) = await claim(database, mine)
    assert (taken.id, taken.lost_leases) == (leads[0].id, 1)


async def test_a_lead_with_several_messages_is_claimed_once(database: Database, mine: WorkerId) -> None:
    lead = await greeted(database)
    for _ in range(3):
        await add_message(database, lead)
    assert [found.id for found in await claim(database, mine)] == [lead.id]
