"""What a wrong clock has stored is shortened to its own length; what a person or Telegram named stays."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from shared.database.engine import Database
from shared.database.models import ACCOUNTS, AccountHold
from shared.statuses import LeadStatus
from tests.support.rows import NOW, account_row, add_account, add_call, add_lead, now_of
from worker.accounts import flood_waits, usage
from worker.accounts.quota_reservations import Lookup, reserve_conversations, reserve_lookups
from worker.domain.sending_limits import Limits
from worker.domain.telegram_port import Peer
from worker.outreach import future_timestamps, new_leads
from worker.outreach.peer_cache import find_by_phone, store_phone
from worker.queue.leases import WorkerId

DAY, MINUTE, SECOND = timedelta(days=1), timedelta(minutes=1), timedelta(seconds=1)
LIMITS = Limits(30 * SECOND, 30, 3 * SECOND)
LEASE = timedelta(seconds=60)
AHEAD = NOW + DAY


async def _shorten(database: Database, me: WorkerId, slack: timedelta = future_timestamps.SLACK) -> None:
    async with database.writing() as session:
        await future_timestamps.shorten(session, me.account_id, LIMITS, LEASE, now=NOW, slack=slack)


async def test_gaps_end_after_their_own_length(kept_database: Database, me: WorkerId) -> None:
    async with kept_database.writing() as session:
        await reserve_lookups(session, me.account_id, [Lookup("x", gap=LIMITS.lookup_gap)], now=AHEAD)
        await reserve_conversations(session, me.account_id, LIMITS, [True], now=AHEAD, chance=lambda: 1)
    await _shorten(kept_database, me)
    row = await account_row(kept_database, me.account_id)
    assert (row.next_lookup_at, row.next_outreach_at) == (NOW + 3 * SECOND, NOW + 45 * SECOND)
    # A right gap is left alone.
    await _shorten(kept_database, me)
    assert (await account_row(kept_database, me.account_id)).next_lookup_at == NOW + 3 * SECOND


async def test_a_clock_seen_90_seconds_ahead_does_not_bind_for_90_seconds(
    kept_database: Database, me: WorkerId
) -> None:
    ahead = NOW + 90 * SECOND
    async with kept_database.writing() as session:
        await session.exec(
            update(ACCOUNTS).where(ACCOUNTS.c.id == me.account_id).values(next_lookup_at=ahead)
        )
    # At a start, another machine's clock may have stored it.
    await _shorten(kept_database, me)
    assert (await account_row(kept_database, me.account_id)).next_lookup_at == ahead
    await _shorten(kept_database, me, future_timestamps.SEEN_SLACK)
    assert (await account_row(kept_database, me.account_id)).next_lookup_at == NOW + LIMITS.lookup_gap


async def test_calls_of_a_wrong_clock_count_for_a_day(kept_database: Database, me: WorkerId) -> None:
    async with kept_database.writing() as session:
        await add_call(session, me.account_id, "x", at=AHEAD)
    await _shorten(kept_database, me)
    async with kept_database.writing() as session:
        assert await usage.next_free_slot_at(session, me.account_id, "x", 1, now=NOW) == NOW + DAY


async def test_a_clock_far_ahead_forgets_no_call(kept_database: Database, me: WorkerId) -> None:
    async with kept_database.writing() as session:
        await add_call(session, me.account_id, "x", at=NOW)
        await usage.delete_expired_calls(session, now=NOW + 100 * DAY)
        assert await usage.next_free_slot_at(session, me.account_id, "x", 1, now=NOW + MINUTE)


@pytest.mark.parametrize(
    ("method", "length", "stored_at", "left"),
    [
        (usage.NEW_CONVERSATIONS, DAY, AHEAD, DAY),
        (usage.NEW_CONVERSATIONS, 100 * DAY, NOW, 7 * DAY),
        # Telegram's own time may be of any length.
        ("messages.sendMessage", 30 * DAY, NOW - DAY, 29 * DAY),
        ("messages.sendMessage", MINUTE, AHEAD, MINUTE),
    ],
)
async def test_holds_keep_their_length(
    kept_database: Database,
    me: WorkerId,
    method: str,
    length: timedelta,
    stored_at: datetime,
    left: timedelta,
) -> None:
    async with kept_database.writing() as session:
        session.add(
            AccountHold(
                account_id=me.account_id,
                method=method,
                reason="test",
                until=stored_at + length,
                updated_at=stored_at,
            )
        )
    await _shorten(kept_database, me)
    async with kept_database.reading() as session:
        hold = await flood_waits.get_hold(session, me.account_id, method)
    assert hold is not None
    assert hold.until == NOW + left


async def test_leases_of_ended_workers_end_and_those_of_others_stay(
    kept_database: Database, me: WorkerId
) -> None:
    ended = await add_account(kept_database)
    alive = await add_account(kept_database, held_by="there", held_until=NOW + 20 * SECOND)
    leads = {
        account: await add_lead(
            kept_database,
            leased_by=f"account-{account}/x",
            leased_until=AHEAD,
            username=f"u_{account}",
        )
        for account in (ended, alive)
    }
    await _shorten(kept_database, me)
    assert (await now_of(kept_database, leads[ended])).leased_until == NOW + LEASE
    assert (await now_of(kept_database, leads[alive])).leased_until == AHEAD


async def test_after_the_clock_was_set_back_waiting_leads_are_due(
    kept_database: Database, me: WorkerId
) -> None:
    waits = await add_lead(kept_database, due_at=AHEAD, account_id=me.account_id, username="waits_1")
    named = await add_lead(
        kept_database,
        due_at=AHEAD,
        follow_up_at=AHEAD,
        status=LeadStatus.ENGAGED,
        account_id=me.account_id,
        username="named_1",
    )
    async with kept_database.writing() as session:
        await future_timestamps.make_waiting_due(session, me, now=NOW)
    assert (await now_of(kept_database, waits)).due_at == NOW
    assert (await now_of(kept_database, named)).due_at == AHEAD


async def test_a_start_makes_due_what_was_changed_in_the_future(
    kept_database: Database, me: WorkerId
) -> None:
    found = {"status": LeadStatus.RESOLVED, "due_at": AHEAD, "account_id": me.account_id}
    wrong = await add_lead(kept_database, **found, updated_at=AHEAD, username="wrong_1")
    right = await add_lead(kept_database, **found, updated_at=NOW, username="right_1")
    async with kept_database.writing() as session:
        await future_timestamps.make_future_due(session, me, now=NOW)
    assert (await now_of(kept_database, wrong)).due_at == NOW
    assert (await now_of(kept_database, right)).due_at == AHEAD


async def test_a_start_takes_up_new_leads_that_a_wrong_clock_stored(
    kept_database: Database, me: WorkerId
) -> None:
    lead = await add_lead(kept_database, due_at=AHEAD, created_at=AHEAD, username="future_1")
    async with kept_database.writing() as session:
        await new_leads.requeue_waiting_for_capacity(session, now=NOW)
    assert (await now_of(kept_database, lead)).due_at == NOW


async def test_a_person_found_tomorrow_is_looked_up_again(kept_database: Database, me: WorkerId) -> None:
    async with kept_database.writing() as session:
        await store_phone(session, me.account_id, "+79991234567", Peer(1, 2), now=AHEAD)
        assert await find_by_phone(session, me.account_id, "+79991234567", now=NOW) is None


async def test_an_account_row_of_its_own_is_changed_only(kept_database: Database, me: WorkerId) -> None:
    other = await add_account(kept_database)
    async with kept_database.writing() as session:
        await session.exec(update(ACCOUNTS).where(ACCOUNTS.c.id == other).values(next_lookup_at=AHEAD))
    await _shorten(kept_database, me)
    assert (await account_row(kept_database, other)).next_lookup_at == AHEAD
