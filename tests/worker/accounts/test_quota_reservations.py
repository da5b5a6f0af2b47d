"""Quota slots of first messages and look-ups, and how a PEER_FLOOD blocks them."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import col

from shared.database.engine import Database
from shared.database.models import Lead
from tests.support.rows import NOW, account_row
from worker.accounts import account_state, quota_reservations
from worker.domain.sending_limits import PROBE_INTERVAL, Limits
from worker.queue.leases import WorkerId

SECOND = timedelta(seconds=1)
GAP = 30 * SECOND
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RESOLVE = "contacts.resolveUsername"


async def reserve_conversation(
    database: Database, me: WorkerId, at: timedelta, *, hot: bool = True, limit: int = 30, chance: float = 0
) -> datetime | None:
    limits = Limits(GAP, limit, 3 * SECOND)
    async with database.writing() as session:
        (retry_at,) = await quota_reservations.reserve_conversations(
            session, me.account_id, limits, [hot], now=NOW + at, chance=lambda: chance
        )
        return retry_at


async def block(database: Database, me: WorkerId, at: timedelta) -> timedelta:
    async with database.writing() as session:
        return await account_state.block_outreach(session, me.account_id, "PEER_FLOOD", now=NOW + at)


async def reserve_lookup(
    database: Database,
    me: WorkerId,
    at: timedelta,
    limit: int | None = None,
    gap: timedelta | None = 3 * SECOND,
) -> datetime | None:
    async with database.writing() as session:
        (retry_at,) = await quota_reservations.reserve_lookups(
            session, me.account_id, [quota_reservations.Lookup(RESOLVE, limit, gap)], now=NOW + at
        )
        return retry_at


async def test_first_messages_keep_a_gap(kept_database: Database, me: WorkerId) -> None:
    assert await reserve_conversation(kept_database, me, 0 * SECOND) is None
    assert await reserve_conversation(kept_database, me, 29 * SECOND) == NOW + GAP
    assert await reserve_conversation(kept_database, me, GAP, chance=1) is None
    assert await reserve_conversation(kept_database, me, 2 * GAP) == NOW + 2.5 * GAP


async def test_lookups_keep_their_own_gap(kept_database: Database, me: WorkerId) -> None:
    assert await reserve_conversation(kept_database, me, 0 * SECOND) is None
    assert await reserve_lookup(kept_database, me, 0 * SECOND) is None
    assert await reserve_lookup(kept_database, me, SECOND) == NOW + 3 * SECOND
    # A call without a gap may follow a look-up at once.
    assert await reserve_lookup(kept_database, me, SECOND, gap=None) is None
    assert await reserve_lookup(kept_database, me, 3 * SECOND) is None


async def test_a_limit_holds_over_any_24_hours(kept_database: Database, me: WorkerId) -> None:
    for hours in (0, 10, 20):
        assert await reserve_conversation(kept_database, me, timedelta(hours=hours), limit=3) is None
    assert await reserve_conversation(kept_database, me, timedelta(hours=23), limit=3) == NOW + DAY
    assert await reserve_conversation(kept_database, me, DAY, limit=3) is None
    assert await reserve_conversation(kept_database, me, DAY + HOUR, limit=3) == NOW + DAY + 10 * HOUR


async def test_part_of_the_limit_is_reserved_for_hot_leads(kept_database: Database, me: WorkerId) -> None:
    for hour in range(2):
        assert await reserve_conversation(kept_database, me, hour * HOUR, hot=False, limit=3) is None
    assert await reserve_conversation(kept_database, me, 3 * HOUR, hot=False, limit=3) == NOW + DAY
    assert await reserve_conversation(kept_database, me, 3 * HOUR, hot=True, limit=3) is None


@pytest.mark.parametrize("number", [1, 3, 12])
async def test_simultaneous_requests_do_not_exceed_the_limit(
    kept_database: Database, me: WorkerId, number: int
) -> None:
    limits = Limits(timedelta(), 5, timedelta())

    async def ask() -> list[datetime | None]:
        async with kept_database.writing() as session:
            slots = await quota_reservations.reserve_conversations(
                session, me.account_id, limits, [True] * number, now=NOW, chance=lambda: 0
            )
            return list(slots)

    answers = await asyncio.gather(*(ask() for _ in range(12 // number)))
    assert [moment for slots in answers for moment in slots].count(None) == 5


async def test_erased_leads_still_count_towards_the_limit(kept_database: Database, me: WorkerId) -> None:
    assert await reserve_conversation(kept_database, me, 0 * SECOND, limit=1) is None
    async with kept_database.writing() as session:
        await session.exec(delete(Lead).where(col(Lead.account_id) == me.account_id))
    assert await reserve_conversation(kept_database, me, HOUR, limit=1) == NOW + DAY


async def test_look_ups_have_a_limit_per_method(kept_database: Database, me: WorkerId) -> None:
    for hour in range(2):
        assert await reserve_lookup(kept_database, me, hour * HOUR, limit=2) is None
    assert await reserve_lookup(kept_database, me, 2 * HOUR, limit=2) == NOW + DAY
    assert await reserve_lookup(kept_database, me, DAY, limit=2) is None


async def test_repeated_peer_floods_block_outreach_for_longer(kept_database: Database, me: WorkerId) -> None:
    at = timedelta()
    for days in (1, 2, 4, 7, 7):
        assert await block(kept_database, me, at) == days * DAY
        # A second PEER_FLOOD at the same time is part of the same refusal.
        assert await block(kept_database, me, at + SECOND) == days * DAY - SECOND
        assert (
            await reserve_conversation(kept_database, me, at + days * DAY - SECOND) == NOW + at + days * DAY
        )
        at += days * DAY
        assert await reserve_conversation(kept_database, me, at) is None, "one message is the probe"
        assert await reserve_conversation(kept_database, me, at + MINUTE) == NOW + at + PROBE_INTERVAL
        at += 2 * MINUTE
    assert (await account_row(kept_database, me.account_id)).state == "limited"


async def test_a_delivered_first_message_ends_the_block(kept_database: Database, me: WorkerId) -> None:
    await block(kept_database, me, 0 * SECOND)
    assert await reserve_conversation(kept_database, me, DAY) is None
    async with kept_database.writing() as session:
        await account_state.unblock_outreach(session, me.account_id, now=NOW + DAY)
    assert (await account_row(kept_database, me.account_id)).state == "active"
    assert await reserve_conversation(kept_database, me, DAY + GAP) is None
    assert await block(kept_database, me, DAY + MINUTE) == DAY
