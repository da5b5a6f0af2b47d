"""One account, one worker: who speaks for it, and who waits."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count

import pytest

from shared.database.engine import Database
from tests.support.rows import NOW, account_row
from worker.accounts.account_lease import TENURE, AccountLease

DEADLINE = 30
users = count(7_800_000_001)
Make = Callable[[str], AccountLease]


class Time:
    """A clock that stands still until it is set."""

    now = NOW


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def make(kept_database: Database, time: Time) -> Make:
    """Makes holders of one account."""
    user = next(users)

    def now() -> datetime:
        return time.now

    return lambda holder: AccountLease(kept_database, user, holder, "ai_assistant", now)


async def begun(make: Make, holder: str) -> AccountLease:
    tenure = make(holder)
    async with asyncio.timeout(DEADLINE):
        await tenure.acquire()
    return tenure


async def test_the_first_holds_it(kept_database: Database, make: Make) -> None:
    assert not make("here/1").may_send()
    tenure = await begun(make, "here/1")
    assert tenure.may_send()
    row = await account_row(kept_database, tenure.account_id)
    assert (row.held_by, row.held_until) == ("here/1", NOW + TENURE)


async def test_the_second_waits_until_the_first_lets_go(make: Make) -> None:
    first = await begun(make, "here/1")
    second = make("there/1")
    waiting = asyncio.create_task(second.acquire())
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()
    assert not second.may_send()
    await first.release()
    assert not first.may_send()
    await asyncio.wait_for(waiting, DEADLINE)
    assert second.may_send()
    assert second.account_id == first.account_id


async def test_who_falls_silent_loses_it(make: Make, time: Time) -> None:
    await begun(make, "here/1")
    time.now = NOW + TENURE - timedelta(seconds=1)
    second = make("there/1")
    waiting = asyncio.create_task(second.acquire())
    await asyncio.wait({waiting}, timeout=0.2)
    assert not waiting.done()
    time.now = NOW + TENURE
    await asyncio.wait_for(waiting, DEADLINE)
    assert second.may_send()


async def test_the_same_holder_comes_back_at_once(make: Make) -> None:
    await begun(make, "here/1")
    assert (await begun(make, "here/1")).may_send()


async def test_letting_go_twice_takes_nothing_from_the_next(kept_database: Database, make: Make) -> None:
    first = await begun(make, "here/1")
    await first.release()
    second = await begun(make, "there/1")
    await first.release()
    row = await account_row(kept_database, second.account_id)
    assert row.held_by == "there/1"


async def test_a_session_without_a_file_is_let_go_when_nobody_can_confirm_it(time: Time) -> None:
    away = Database("postgresql://127.0.0.1:1/leads")
    tenure = AccountLease(away, next(users), "here/1", "ai_assistant", lambda: time.now)
    with_lock = asyncio.create_task(tenure.renew_forever())
    without = asyncio.create_task(tenure.renew_forever(needs_word=True))
    await asyncio.wait_for(without, DEADLINE)
    assert not with_lock.done()
    with_lock.cancel()
    await asyncio.gather(with_lock, return_exceptions=True)
    await away.close()
