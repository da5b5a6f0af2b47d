"""The account's row, and the pace it keeps over restarts."""

import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete
from sqlmodel import col

from shared.database.engine import Database
from shared.database.models import Lead, TelegramAccount
from tests.support.rows import NOW, account_row, add_account
from worker.accounts import account_state
from worker.domain.outreach_policy import Limits
from worker.queue.leases import WorkerId

SECOND = timedelta(seconds=1)
GAP = 30 * SECOND
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RESOLVE = "contacts.resolveUsername"


async def row(database: Database, me: WorkerId) -> TelegramAccount:
    return await account_row(database, me.account_id)


async def introduce(database: Database, account_id: int, limits: Limits | None = None) -> None:
    async with database.writing() as session:
        await account_state.register_account(
            session, account_id, "gordovcode_ai", limits or Limits(GAP, 30, SECOND), now=NOW + SECOND
        )


async def claim(
    database: Database, user_id: int, holder: str, at: timedelta = timedelta(), name: str = "ai_assistant"
) -> int | None:
    async with database.writing() as session:
        return await account_state.acquire(
            session, user_id, holder, name, now=NOW + at, until=NOW + at + timedelta(seconds=30)
        )


async def test_an_account_is_made_once(kept_database: Database) -> None:
    first = await claim(kept_database, 7_900_000_001, "here/1")
    assert first is not None
    async with kept_database.writing() as session:
        await account_state.set_state(session, first, "needs_login", "signed out", now=NOW)
        await account_state.release(session, first, "here/1")
    assert await claim(kept_database, 7_900_000_001, "here/2", SECOND, "second") == first
    await introduce(kept_database, first)
    found = await account_row(kept_database, first)
    assert (found.telegram_user_id, found.username) == (7_900_000_001, "gordovcode_ai")
    assert (found.session_name, found.held_by) == ("second", "here/2")
    assert (found.state, found.state_reason) == ("active", None)
    assert (found.created_at, found.updated_at) == (NOW, NOW + SECOND)


async def test_an_account_has_one_holder(kept_database: Database) -> None:
    first = await claim(kept_database, 7_900_000_002, "here/1")
    assert first is not None
    assert await claim(kept_database, 7_900_000_002, "there/1", 29 * SECOND) is None
    # Said again, it is held for longer.
    assert await claim(kept_database, 7_900_000_002, "here/1", 29 * SECOND) == first
    assert await claim(kept_database, 7_900_000_002, "there/1", 58 * SECOND) is None
    assert await claim(kept_database, 7_900_000_002, "there/1", 59 * SECOND) == first
    assert await claim(kept_database, 7_900_000_002, "here/1", 60 * SECOND) is None


async def test_of_many_who_ask_at_once_one_holds_it(kept_database: Database) -> None:
    asked = [claim(kept_database, 7_900_000_003, f"there/{number}") for number in range(8)]
    answers = await asyncio.gather(*asked)
    assert len([found for found in answers if found is not None]) == 1


async def test_only_its_holder_lets_it_go(kept_database: Database) -> None:
    held = await claim(kept_database, 7_900_000_004, "here/1")
    assert held is not None
    for holder in ("there/1", "here/1"):
        assert await claim(kept_database, 7_900_000_004, "else/1") is None
        async with kept_database.writing() as session:
            await account_state.release(session, held, holder)
    assert await claim(kept_database, 7_900_000_004, "else/1") == held


async def test_holding_it_does_not_end_a_pause(kept_database: Database) -> None:
    account_id = await add_account(kept_database, 7_900_000_005, next_outreach_at=NOW + GAP)
    assert await claim(kept_database, 7_900_000_005, "here/1") == account_id
    assert (await account_row(kept_database, account_id)).next_outreach_at == NOW + GAP


@pytest.mark.parametrize("state", ["limited", "needs_login", "banned"])
async def test_the_state_says_why(kept_database: Database, me: WorkerId, state: str) -> None:
    async with kept_database.writing() as session:
        await account_state.set_state(session, me.account_id, state, "потому что", now=NOW + SECOND)
    found = await row(kept_database, me)
    assert (found.state, found.state_reason, found.updated_at) == (state, "потому что", NOW + SECOND)


async def begin(
    database: Database, me: WorkerId, at: timedelta, *, fresh: bool = True, most: int = 30, chance: float = 0
) -> datetime | None:
    limits = Limits(GAP, most, 3 * SECOND)
    async with database.writing() as session:
        (free,) = await account_state.reserve_conversations(
            session, me.account_id, limits, [fresh], now=NOW + at, chance=lambda: chance
        )
        return free


async def refuse(database: Database, me: WorkerId, at: timedelta) -> timedelta:
    async with database.writing() as session:
        return await account_state.block_outreach(session, me.account_id, "PEER_FLOOD", now=NOW + at)


async def look_up(
    database: Database,
    me: WorkerId,
    at: timedelta,
    most: int | None = None,
    gap: timedelta | None = 3 * SECOND,
) -> datetime | None:
    async with database.writing() as session:
        (free,) = await account_state.reserve_lookups(
            session, me.account_id, [account_state.Lookup(RESOLVE, most, gap)], now=NOW + at
        )
        return free


async def test_first_messages_keep_their_gap(kept_database: Database, me: WorkerId) -> None:
    assert await begin(kept_database, me, 0 * SECOND) is None
    assert await begin(kept_database, me, 29 * SECOND) == NOW + GAP
    assert await begin(kept_database, me, GAP, chance=1) is None
    assert await begin(kept_database, me, 2 * GAP) == NOW + 2.5 * GAP


async def test_lookups_keep_their_own_gap(kept_database: Database, me: WorkerId) -> None:
    assert await begin(kept_database, me, 0 * SECOND) is None
    assert await look_up(kept_database, me, 0 * SECOND) is None
    assert await look_up(kept_database, me, SECOND) == NOW + 3 * SECOND
    # What follows a look-up at once keeps no distance from it.
    assert await look_up(kept_database, me, SECOND, gap=None) is None
    assert await look_up(kept_database, me, 3 * SECOND) is None


async def test_a_limit_holds_over_any_24_hours(kept_database: Database, me: WorkerId) -> None:
    for hours in (0, 10, 20):
        assert await begin(kept_database, me, timedelta(hours=hours), most=3) is None
    assert await begin(kept_database, me, timedelta(hours=23), most=3) == NOW + DAY
    assert await begin(kept_database, me, DAY, most=3) is None
    assert await begin(kept_database, me, DAY + HOUR, most=3) == NOW + DAY + 10 * HOUR


async def test_part_of_the_day_is_kept_for_the_fresh(kept_database: Database, me: WorkerId) -> None:
    for minute in range(2):
        assert await begin(kept_database, me, minute * HOUR, fresh=False, most=3) is None
    assert await begin(kept_database, me, 3 * HOUR, fresh=False, most=3) == NOW + DAY
    assert await begin(kept_database, me, 3 * HOUR, fresh=True, most=3) is None


@pytest.mark.parametrize("crowd", [1, 3, 12])
async def test_of_many_at_once_no_more_than_the_limit(
    kept_database: Database, me: WorkerId, crowd: int
) -> None:
    limits = Limits(timedelta(), 5, timedelta())

    async def ask() -> list[datetime | None]:
        async with kept_database.writing() as session:
            free = await account_state.reserve_conversations(
                session, me.account_id, limits, [True] * crowd, now=NOW, chance=lambda: 0
            )
            return list(free)

    free = await asyncio.gather(*(ask() for _ in range(12 // crowd)))
    assert [moment for some in free for moment in some].count(None) == 5


async def test_erased_leads_still_count(kept_database: Database, me: WorkerId) -> None:
    assert await begin(kept_database, me, 0 * SECOND, most=1) is None
    async with kept_database.writing() as session:
        await session.exec(delete(Lead).where(col(Lead.account_id) == me.account_id))
    assert await begin(kept_database, me, HOUR, most=1) == NOW + DAY


async def test_a_methods_limit(kept_database: Database, me: WorkerId) -> None:
    for hour in range(2):
        assert await look_up(kept_database, me, hour * HOUR, most=2) is None
    assert await look_up(kept_database, me, 2 * HOUR, most=2) == NOW + DAY
    assert await look_up(kept_database, me, DAY, most=2) is None


async def test_refusals_in_a_row_keep_strangers_away_for_longer(
    kept_database: Database, me: WorkerId
) -> None:
    at = timedelta()
    for days in (1, 2, 4, 7, 7):
        assert await refuse(kept_database, me, at) == days * DAY
        # Another that was on its way at the same time is the same refusal.
        assert await refuse(kept_database, me, at + SECOND) == days * DAY - SECOND
        assert await begin(kept_database, me, at + days * DAY - SECOND) == NOW + at + days * DAY
        at += days * DAY
        assert await begin(kept_database, me, at) is None, "one goes first"
        assert await begin(kept_database, me, at + MINUTE) == NOW + at + account_state.PROBE
        at += 2 * MINUTE
    assert (await row(kept_database, me)).state == "limited"


async def test_a_first_message_that_gets_through_ends_it(kept_database: Database, me: WorkerId) -> None:
    await refuse(kept_database, me, 0 * SECOND)
    assert await begin(kept_database, me, DAY) is None
    async with kept_database.writing() as session:
        await account_state.unblock_outreach(session, me.account_id, now=NOW + DAY)
    assert (await row(kept_database, me)).state == "active"
    assert await begin(kept_database, me, DAY + GAP) is None
    assert await refuse(kept_database, me, DAY + MINUTE) == DAY


async def test_a_restart_ends_no_refusal(kept_database: Database, me: WorkerId) -> None:
    await refuse(kept_database, me, 0 * SECOND)
    await introduce(kept_database, me.account_id)
    found = await row(kept_database, me)
    assert (found.state, found.state_reason) == ("limited", "PEER_FLOOD")


async def test_the_limits_in_force_can_be_seen(kept_database: Database, me: WorkerId) -> None:
    await introduce(kept_database, me.account_id, Limits(GAP, 30, SECOND, warmup_days=7, resolves=99))
    found = await row(kept_database, me)
    assert (found.outreach_limit, found.resolve_limit, found.import_limit) == (4, 99, 15)
