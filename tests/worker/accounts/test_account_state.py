"""The row of a Telegram account: its state, and its limits in force."""

from datetime import timedelta

import pytest

from shared.database.engine import Database
from shared.database.models import TelegramAccount
from tests.support.rows import NOW, account_row
from worker.accounts import account_state
from worker.accounts.account_lease import acquire_lease, release_lease
from worker.domain.sending_limits import Limits
from worker.queue.leases import WorkerId

SECOND = timedelta(seconds=1)
GAP = 30 * SECOND
USER = 7_900_000_001


async def row(database: Database, me: WorkerId) -> TelegramAccount:
    return await account_row(database, me.account_id)


async def register(database: Database, account_id: int, limits: Limits | None = None) -> None:
    async with database.writing() as session:
        await account_state.register_account(
            session, account_id, "gordovcode_ai", limits or Limits(GAP, 30, SECOND), now=NOW + SECOND
        )


async def acquire(
    database: Database, holder: str, at: timedelta = timedelta(), name: str = "ai_assistant"
) -> int | None:
    async with database.writing() as session:
        return await acquire_lease(session, USER, holder, name, now=NOW + at, until=NOW + at + 30 * SECOND)


async def test_an_account_has_one_row(kept_database: Database) -> None:
    first = await acquire(kept_database, "here/1")
    assert first is not None
    async with kept_database.writing() as session:
        await account_state.set_state(session, first, "needs_login", "signed out", now=NOW)
        await release_lease(session, first, "here/1")
    assert await acquire(kept_database, "here/2", SECOND, "second") == first
    await register(kept_database, first)
    found = await account_row(kept_database, first)
    assert (found.telegram_user_id, found.username) == (USER, "gordovcode_ai")
    assert (found.session_name, found.held_by) == ("second", "here/2")
    assert (found.state, found.state_reason) == ("active", None)
    assert (found.created_at, found.updated_at) == (NOW, NOW + SECOND)


@pytest.mark.parametrize("state", ["limited", "needs_login", "banned"])
async def test_the_state_is_stored_with_its_reason(kept_database: Database, me: WorkerId, state: str) -> None:
    async with kept_database.writing() as session:
        await account_state.set_state(session, me.account_id, state, "потому что", now=NOW + SECOND)
    found = await row(kept_database, me)
    assert (found.state, found.state_reason, found.updated_at) == (state, "потому что", NOW + SECOND)


async def test_a_restart_does_not_end_the_block(kept_database: Database, me: WorkerId) -> None:
    async with kept_database.writing() as session:
        await account_state.block_outreach(session, me.account_id, "PEER_FLOOD", now=NOW)
    await register(kept_database, me.account_id)
    found = await row(kept_database, me)
    assert (found.state, found.state_reason) == ("limited", "PEER_FLOOD")


async def test_the_limits_in_force_are_stored(kept_database: Database, me: WorkerId) -> None:
    await register(kept_database, me.account_id, Limits(GAP, 30, SECOND, warmup_days=7, resolve_limit=99))
    found = await row(kept_database, me)
    assert (found.outreach_limit, found.resolve_limit, found.import_limit) == (4, 99, 15)
