"""Every fault has its effect, on the right calls and the right number of times."""

import time
from pathlib import Path

import pytest
from pyrogram import errors, raw
from pyrogram.storage import UpdateState

from sandbox.fake_telegram.faults import Action, FaultFields, Faults
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Person, PersonFields
from tests.sandbox.fake_telegram.clients import Listener, session_client
from tests.support.waiting import patience_seconds, until_async

SEND = "messages.SendMessage"


def sent(telegram: Telegram, account: Account, person: Person) -> list[str]:
    return [message.text for message in telegram.world.chat(account.id, person.id).messages]


async def unanswered(worker: Listener, telegram: Telegram, person: Person, timeout: float = 0.15) -> None:
    """Send a message and expect no answer within the time."""
    peer = await worker.peer(telegram, person)
    query = raw.functions.messages.SendMessage(peer=peer, message="раз", random_id=1)
    with pytest.raises(TimeoutError):
        await worker.client.session.send(query, timeout=timeout)


@pytest.mark.parametrize(
    ("code", "message", "error"),
    [
        (420, "FLOOD_WAIT_30", errors.FloodWait),
        (400, "PEER_FLOOD", errors.PeerFlood),
        (401, "SESSION_REVOKED", errors.SessionRevoked),
        (406, "AUTH_KEY_DUPLICATED", errors.AuthKeyDuplicated),
        (420, "FROZEN_METHOD_INVALID", errors.FrozenMethodInvalid),
        (500, "RPC_CALL_FAIL", errors.RpcCallFail),
    ],
)
async def test_an_error_fault_returns_its_error(
    telegram: Telegram,
    account: Account,
    worker: Listener,
    anna: Person,
    code: int,
    message: str,
    error: type[errors.RPCError],
) -> None:
    telegram.faults.plan("error", SEND, code=code, message=message)
    with pytest.raises(error) as raised:
        await worker.send(telegram, anna, "раз", 1)
    assert code == raised.value.CODE
    assert sent(telegram, account, anna) == []
    await worker.send(telegram, anna, "раз", 1)
    assert telegram.calls.of(SEND)[0].error == f"{code} {message}"


async def test_a_flood_wait_contains_its_seconds(telegram: Telegram, worker: Listener, anna: Person) -> None:
    telegram.faults.plan("error", SEND, code=420, message="FLOOD_WAIT_30")
    with pytest.raises(errors.FloodWait) as raised:
        await worker.send(telegram, anna, "раз", 1)
    assert raised.value.value == 30


async def test_an_error_after_the_effect_still_sends(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    telegram.faults.plan("error_after", SEND, code=500, message="RPC_CALL_FAIL")
    with pytest.raises(errors.RpcCallFail):
        await worker.send(telegram, anna, "раз", 1)
    await worker.send(telegram, anna, "раз", 1)
    assert sent(telegram, account, anna) == ["раз"]


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("swallow_before", []),
        ("swallow_after", ["раз"]),
        ("drop_before", []),
        ("drop_after", ["раз"]),
        ("silent", []),
    ],
)
async def test_a_swallowed_answer_never_arrives(
    telegram: Telegram,
    account: Account,
    worker: Listener,
    anna: Person,
    action: Action,
    expected: list[str],
) -> None:
    telegram.faults.plan(action, SEND)
    await unanswered(worker, telegram, anna)
    assert sent(telegram, account, anna) == expected


async def test_a_client_reconnects_after_a_drop(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    telegram.faults.plan("drop_after", SEND)
    await unanswered(worker, telegram, anna)
    await until_async(worker.client.session.is_started.is_set)
    await worker.send(telegram, anna, "раз", 1)
    assert sent(telegram, account, anna) == ["раз"]
    [record] = telegram.calls.connections.values()
    assert (record.opened, record.most) == (2, 1)


async def test_a_silent_link_stays_open_without_data(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    telegram.faults.plan("silent", "help.GetNearestDc")
    with pytest.raises(TimeoutError):
        await worker.client.session.send(raw.functions.help.GetNearestDc(), timeout=0.1)
    telegram.world.write(anna, account, "Вы тут?")
    await unanswered(worker, telegram, anna)
    assert worker.texts == []
    assert [record.now for record in telegram.calls.connections.values()] == [1]


@pytest.mark.parametrize("action", ["delay_before", "delay_after"])
async def test_a_delay_fault_delays_the_answer(
    telegram: Telegram, account: Account, worker: Listener, anna: Person, action: Action
) -> None:
    telegram.faults.plan(action, SEND, seconds=0.3)
    await unanswered(worker, telegram, anna, timeout=0.1)
    assert sent(telegram, account, anna) == ([] if action == "delay_before" else ["раз"])
    began = time.monotonic()
    await until_async(lambda: sent(telegram, account, anna) == ["раз"])
    assert time.monotonic() - began < patience_seconds(10)


async def test_a_suppressed_push_is_in_the_difference(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    telegram.faults.plan("suppress")
    telegram.world.write(anna, account, "раз")
    telegram.world.write(anna, account, "два")
    await until_async(lambda: worker.texts == ["два"])
    pts = telegram.world.mailboxes[account.id].pts
    await worker.client.storage.set_update_state(UpdateState(0, pts - 2, 0, 1, 0))
    await worker.client.recover_gaps(0)
    await until_async(lambda: worker.texts == ["два", "раз", "два"])


async def test_a_duplicated_push_arrives_twice(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    telegram.faults.plan("duplicate")
    telegram.world.write(anna, account, "раз")
    await until_async(lambda: worker.texts == ["раз", "раз"])
    assert worker.messages[0].id == worker.messages[1].id


async def test_a_reordered_push_arrives_later(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    telegram.faults.plan("reorder")
    telegram.world.write(anna, account, "раз")
    telegram.world.write(anna, account, "два")
    await until_async(lambda: worker.texts == ["два", "раз"])


async def test_a_fault_makes_the_difference_too_long(
    telegram: Telegram, account: Account, anna: Person, tmp_path: Path
) -> None:
    async with session_client(telegram, tmp_path):
        pass
    telegram.world.write(anna, account, "раз")
    telegram.faults.plan("difference_too_long")
    async with session_client(telegram, tmp_path) as worker:
        assert telegram.calls.counts["updates.GetDifference"] == 3
        assert worker.texts == []


async def test_too_many_sessions_revoke_the_key(
    telegram: Telegram, account: Account, worker: Listener, tmp_path: Path
) -> None:
    telegram.settings.sessions_per_key = 1
    copied = tmp_path / "copy"
    copied.mkdir()
    (copied / "worker.session").write_bytes((tmp_path / "worker.session").read_bytes())
    with pytest.raises(errors.AuthKeyDuplicated):
        async with session_client(telegram, copied):
            pass
    with pytest.raises(errors.AuthKeyDuplicated):
        await worker.call(raw.functions.updates.GetState())
    [record] = telegram.calls.connections.values()
    assert record.most == 2


async def test_the_server_can_go_down_and_up(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    await telegram.down()
    assert not telegram.is_up
    await until_async(lambda: not worker.client.session.is_started.is_set())
    await telegram.up()
    await until_async(worker.client.session.is_started.is_set)
    await worker.send(telegram, anna, "раз", 1)
    assert sent(telegram, account, anna) == ["раз"]


async def test_a_fault_can_affect_only_one_person(telegram: Telegram, worker: Listener, anna: Person) -> None:
    other = telegram.world.people.add(PersonFields(name="Другой"))
    telegram.faults.plan("error", SEND, person=other.id, code=400, message="PEER_FLOOD")
    await worker.send(telegram, anna, "раз", 1)
    with pytest.raises(errors.PeerFlood):
        await worker.send(telegram, other, "раз", 2)


def test_faults_match_methods_in_order() -> None:
    faults = Faults()
    twice = faults.plan("error", "messages.sendMessage", times=2, account=1)
    assert faults.take(SEND, 2, None) is None
    assert [faults.take(SEND, 1, None) for _ in range(3)] == [twice, twice, None]
    always = faults.add(FaultFields(action="silent", times=None))
    assert [faults.take(name, None, None) for name in (SEND, "a.B")] == [always, always]
    assert faults.take("push", 1, None) is None
    assert faults.pending() == [always]
    assert faults.remove(always.id)
    assert not faults.remove(always.id)
