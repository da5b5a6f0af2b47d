"""Limits of an account, by the rules that users report."""

import pytest
from pyrogram import errors, raw

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.limits import DAY, NEW_CHATS, AccountLimits, Watch
from sandbox.fake_telegram.state.people import Account, Person
from tests.sandbox.fake_telegram.clients import Listener

RESOLVE = "contacts.ResolveUsername"


class Time:
    """A clock in Unix seconds that the test sets."""

    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def watch(**limits: object) -> tuple[Watch, Time]:
    time = Time()
    return Watch(time, AccountLimits.model_validate(limits)), time


def test_first_messages_are_counted_over_any_24_hours() -> None:
    account, time = watch(new_chats=2)
    for _ in range(2):
        account.first_message()
        time.now += 3600
    with pytest.raises(RpcError, match="PEER_FLOOD"):
        account.first_message()
    time.now += DAY - 2 * 3600
    account.first_message()
    assert (account.exceeded, account.total(NEW_CHATS)) == (["first messages"], 3)
    assert account.most_in_a_day(NEW_CHATS) == 2


def test_a_burst_of_first_messages_is_limited() -> None:
    account, _ = watch(new_chats=40, new_chats_burst=2)
    account.first_message()
    account.first_message()
    with pytest.raises(RpcError, match="PEER_FLOOD"):
        account.first_message()


def test_a_flood_wait_lasts_and_calls_within_it_are_recorded() -> None:
    account, time = watch(resolves_burst=1)
    account.resolve(RESOLVE)
    with pytest.raises(RpcError, match="FLOOD_WAIT_64800"):
        account.resolve(RESOLVE)
    time.now += 64_000
    with pytest.raises(RpcError, match="FLOOD_WAIT_801"):
        account.check_call(RESOLVE)
    assert account.exceeded == [RESOLVE, f"{RESOLVE} within a FLOOD_WAIT"]
    account.check_call("messages.SendMessage")
    time.now += 800
    account.check_call(RESOLVE)


def test_the_first_call_of_a_sudden_flood_wait_is_not_recorded() -> None:
    account, _ = watch()
    account.flood(RESOLVE, 60)
    for told in ([], [f"{RESOLVE} within a FLOOD_WAIT"]):
        with pytest.raises(RpcError, match="FLOOD_WAIT"):
            account.check_call(RESOLVE)
        assert account.exceeded == told


def test_imports_are_limited() -> None:
    account, _ = watch(imports=1)
    assert [account.may_import(), account.may_import()] == [True, False]


async def test_a_frozen_account_can_only_read(
    telegram: Telegram, account: Account, anna: Person, worker: Listener
) -> None:
    telegram.world.watches[account.id].limits = AccountLimits(frozen=True)
    with pytest.raises(errors.FrozenMethodInvalid):
        await worker.call(raw.functions.contacts.ResolveUsername(username="anna_smirnova"))
    await worker.call(raw.functions.updates.GetState())
