"""Account lease: one worker holds it, the others wait."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import update

from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import ACCOUNTS
from tests.support.rows import NOW, account_row, add_account
from tests.support.waiting import in_time, patience, patience_seconds
from worker.accounts.account_lease import LEASE_DURATION, AccountLease, acquire_lease, release_lease

users = count(7_800_000_001)
Make = Callable[[str], AccountLease]

SECOND = timedelta(seconds=1)


class Time:
    """A clock that stands still until a test sets it."""

    now = NOW


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def make(kept_database: Database, time: Time) -> Make:
    """Makes leases of one account for different holders."""
    user = next(users)

    def now() -> datetime:
        return time.now

    return lambda holder: AccountLease(kept_database, user, holder, "ai_assistant", now)


async def acquired(make: Make, holder: str) -> AccountLease:
    lease = make(holder)
    async with patience():
        await lease.acquire()
    return lease


async def test_the_first_holder_acquires_the_lease(kept_database: Database, make: Make) -> None:
    assert not make("here/1").may_send()
    lease = await acquired(make, "here/1")
    assert lease.may_send()
    row = await account_row(kept_database, lease.account_id)
    # PostgreSQL's own clock counts there.
    now, off = (utc_now(), patience_seconds(5)) if kept_database.is_postgres else (NOW, 0)
    assert row.held_by == "here/1"
    assert row.held_until is not None
    assert abs(row.held_until - now - LEASE_DURATION) <= timedelta(seconds=off)


async def test_the_second_waits_until_the_first_releases_the_lease(make: Make) -> None:
    first = await acquired(make, "here/1")
    second = make("there/1")
    waiting = asyncio.create_task(second.acquire())
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()
    assert not second.may_send()
    await first.release()
    assert not first.may_send()
    await in_time(waiting)
    assert second.may_send()
    assert second.account_id == first.account_id


async def test_a_lease_that_is_not_renewed_expires(kept_database: Database, make: Make) -> None:
    first = await acquired(make, "here/1")
    standby = AccountLease(
        kept_database,
        first.user_id,
        "there/1",
        "ai_assistant",
        utc_now,
        silent_seconds=patience_seconds(0.5),
        ask_seconds=0.02,
    )
    waiting = asyncio.create_task(standby.acquire())
    await asyncio.wait({waiting}, timeout=0.1)
    assert not waiting.done()
    if kept_database.is_postgres:
        # It has expired by the database's clock.
        async with kept_database.writing() as session:
            await session.exec(update(ACCOUNTS).values(held_until=utc_now() - SECOND))
    await in_time(waiting)
    assert standby.may_send()


@pytest.mark.parametrize("ahead", [31 * SECOND, timedelta(hours=3), timedelta(days=-2)])
async def test_a_clock_that_is_wrong_takes_over_no_living_lease(
    kept_database: Database, make: Make, ahead: timedelta
) -> None:
    first = await acquired(make, "here/1")
    standby = AccountLease(kept_database, first.user_id, "there/1", "ai_assistant", lambda: NOW + ahead)
    for _ in range(3):
        waiting = asyncio.create_task(standby.acquire())
        await asyncio.wait({waiting}, timeout=0.1)
        assert not waiting.done()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        # The one who holds it renews it.
        await first.acquire()
    row = await account_row(kept_database, first.account_id)
    assert row.held_by == "here/1"


async def test_the_same_holder_acquires_it_again_at_once(make: Make) -> None:
    await acquired(make, "here/1")
    assert (await acquired(make, "here/1")).may_send()


async def test_releasing_twice_does_not_release_the_next_holders_lease(
    kept_database: Database, make: Make
) -> None:
    first = await acquired(make, "here/1")
    await first.release()
    second = await acquired(make, "there/1")
    await first.release()
    row = await account_row(kept_database, second.account_id)
    assert row.held_by == "there/1"


async def test_renewal_stops_in_a_long_outage_if_it_is_told_to(time: Time) -> None:
    unreachable = Database("postgresql://127.0.0.1:1/leads")
    lease = AccountLease(unreachable, next(users), "here/1", "ai_assistant", lambda: time.now)
    persistent = asyncio.create_task(lease.renew_forever())
    stopping = asyncio.create_task(lease.renew_forever(stop_if_unconfirmed=True))
    await in_time(stopping)
    assert not persistent.done()
    persistent.cancel()
    await asyncio.gather(persistent, return_exceptions=True)
    await unreachable.close()


async def acquire(
    database: Database, user_id: int, holder: str, at: timedelta = timedelta(), name: str = "ai_assistant"
) -> int | None:
    async with database.writing() as session:
        return await acquire_lease(
            session, user_id, holder, name, now=NOW + at, until=NOW + at + timedelta(seconds=30)
        )


async def test_an_account_has_one_lease_holder(kept_database: Database) -> None:
    first = await acquire(kept_database, 7_900_000_002, "here/1")
    assert first is not None
    assert await acquire(kept_database, 7_900_000_002, "there/1", 29 * SECOND) is None
    # A renewal extends the lease.
    assert await acquire(kept_database, 7_900_000_002, "here/1", 29 * SECOND) == first
    assert await acquire(kept_database, 7_900_000_002, "there/1", 58 * SECOND) is None
    assert await acquire(kept_database, 7_900_000_002, "there/1", 59 * SECOND) == first
    assert await acquire(kept_database, 7_900_000_002, "here/1", 60 * SECOND) is None


async def test_one_of_many_simultaneous_requests_gets_the_lease(kept_database: Database) -> None:
    requests = [acquire(kept_database, 7_900_000_003, f"there/{number}") for number in range(8)]
    answers = await asyncio.gather(*requests)
    assert len([found for found in answers if found is not None]) == 1


async def test_only_the_holder_can_release_the_lease(kept_database: Database) -> None:
    held = await acquire(kept_database, 7_900_000_004, "here/1")
    assert held is not None
    for holder in ("there/1", "here/1"):
        assert await acquire(kept_database, 7_900_000_004, "else/1") is None
        async with kept_database.writing() as session:
            await release_lease(session, held, holder)
    assert await acquire(kept_database, 7_900_000_004, "else/1") == held


async def test_acquiring_the_lease_does_not_end_a_gap(kept_database: Database) -> None:
    account_id = await add_account(kept_database, 7_900_000_005, next_outreach_at=NOW + 30 * SECOND)
    assert await acquire(kept_database, 7_900_000_005, "here/1") == account_id
    assert (await account_row(kept_database, account_id)).next_outreach_at == NOW + 30 * SECOND


async def test_a_lease_that_a_wrong_clock_stored_is_taken_over_when_it_is_not_renewed(
    kept_database: Database,
) -> None:
    user = next(users)
    first = AccountLease(kept_database, user, "ahead/1", "ai_assistant", utc_now)
    await first.acquire()
    async with kept_database.writing() as session:
        await session.exec(update(ACCOUNTS).values(held_until=utc_now() + timedelta(days=1)))
    standby = AccountLease(
        kept_database, user, "right/1", "ai_assistant", utc_now, silent_seconds=0.1, ask_seconds=0.05
    )
    async with patience():
        await standby.acquire()
    row = await account_row(kept_database, standby.account_id)
    assert row.held_by == "right/1"
    assert row.held_until is not None
    assert row.held_until < utc_now() + LEASE_DURATION + SECOND


async def test_a_lease_from_a_wrong_clock_is_kept_while_it_is_renewed(kept_database: Database) -> None:
    user = next(users)
    first = AccountLease(kept_database, user, "here/1", "ai_assistant", utc_now)
    await first.acquire()
    silent = patience_seconds(0.5)
    standby = AccountLease(
        kept_database,
        user,
        "there/1",
        "ai_assistant",
        lambda: NOW + timedelta(days=9),
        silent_seconds=silent,
        ask_seconds=0.02,
    )
    waiting = asyncio.create_task(standby.acquire())
    for _ in range(12):
        await asyncio.wait({waiting}, timeout=silent / 8)
        await first.acquire()
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
