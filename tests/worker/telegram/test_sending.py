"""Sending each message exactly once over a real connection, with faults of every kind."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from sandbox.fake_telegram.faults import Action
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Person, Privacy
from shared.clock import utc_now
from shared.database.engine import Database
from tests.support.rows import add_account
from tests.support.waiting import patience
from tests.worker.telegram.conftest import SHORT_TIMEOUTS, opened, settings_of, texts_in_chat
from worker.accounts.flood_waits import FloodWaits
from worker.domain.telegram_port import (
    CannotWriteError,
    Peer,
    PeerFloodError,
    RateLimitedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.telegram.adapter import TelegramAccount
from worker.telegram.session.timeouts import Timeouts

SEND = "messages.SendMessage"


@pytest.fixture
async def impatient_worker(session_file: Path) -> AsyncIterator[TelegramAccount]:
    """A worker with a short timeout of calls."""
    timeouts = Timeouts(start=5, call=0.4, down=60)
    async with opened(TelegramAccount(settings_of(session_file.parent), timeouts)) as account:
        yield account


async def send_until_answered(worker: TelegramAccount, peer: Peer, text: str, random_id: int) -> int | None:
    """Send until Telegram answers, as the worker does."""
    async with patience():
        while True:
            try:
                return (await worker.send(peer, text, random_id)).message_id
            except TelegramUnavailableError:
                await asyncio.sleep(0.02)


@pytest.mark.parametrize("answer", ["short", "updates"])
async def test_a_text_is_sent_unchanged(
    telegram: Telegram,
    account: Account,
    worker: TelegramAccount,
    anna: Person,
    anna_peer: Peer,
    answer: Literal["short", "updates"],
) -> None:
    telegram.settings.send_answer = answer
    sent = await worker.send(anna_peer, "Здравствуйте, **Анна**!\nhttps://calendly.com/x", 2**63 - 1)
    (message,) = telegram.world.chat(account.id, anna.id).messages
    assert message.id == sent.message_id
    assert message.text == "Здравствуйте, **Анна**!\nhttps://calendly.com/x"
    assert message.random_id == 2**63 - 1


@pytest.mark.parametrize("answer", ["short", "updates"])
@pytest.mark.parametrize("repeat", ["first", "error_400", "error_500"])
async def test_one_random_id_is_one_message(
    telegram: Telegram,
    account: Account,
    worker: TelegramAccount,
    anna: Person,
    anna_peer: Peer,
    answer: Literal["short", "updates"],
    repeat: Literal["first", "error_400", "error_500"],
) -> None:
    telegram.settings.send_answer = answer
    telegram.settings.on_repeat = repeat
    first = await worker.send(anna_peer, "раз", 7)
    await worker.send(anna_peer, "два", 8)
    telegram.world.write(anna, account, "раз")
    assert await worker.send(anna_peer, "раз", 7) == first
    assert texts_in_chat(telegram, account, anna) == ["раз", "два", "раз"]
    # The repeat is called once: Kurigram's own ten retries would take ten seconds.
    assert telegram.calls.counts[SEND] == 3


@pytest.mark.parametrize(
    ("action", "written"),
    [("drop_before", 0), ("drop_after", 1), ("swallow_before", 0), ("swallow_after", 1)],
)
async def test_a_repeat_with_the_same_random_id_settles_an_unknown_outcome(
    telegram: Telegram,
    account: Account,
    impatient_worker: TelegramAccount,
    anna: Person,
    anna_peer: Peer,
    action: Action,
    written: int,
) -> None:
    telegram.faults.plan(action, SEND)
    with pytest.raises(TelegramUnavailableError):
        await impatient_worker.send(anna_peer, "раз", 7)
    assert len(texts_in_chat(telegram, account, anna)) == written
    sent = await send_until_answered(impatient_worker, anna_peer, "раз", 7)
    (message,) = telegram.world.chat(account.id, anna.id).messages
    assert sent == message.id


async def test_an_error_after_the_effect_sends_no_second_message(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    telegram.faults.plan("error_after", SEND, code=500, message="RPC_CALL_FAIL")
    with pytest.raises(TelegramUnavailableError):
        await worker.send(anna_peer, "раз", 7)
    sent = await send_until_answered(worker, anna_peer, "раз", 7)
    assert [message.id for message in telegram.world.chat(account.id, anna.id).messages] == [sent]


@pytest.mark.parametrize(
    ("privacy", "why"),
    [
        (Privacy(strangers_blocked=True), "privacy settings"),
        (Privacy(premium_only=True), "Premium"),
        (Privacy(paid_stars=100), "Stars"),
        (Privacy(blocked_us=True), "blocked this account"),
        (Privacy(blocked_by_us=True), "has blocked them"),
    ],
)
@pytest.mark.parametrize("code", [403, 406])
async def test_privacy_settings_raise_cannot_write(
    telegram: Telegram,
    worker: TelegramAccount,
    anna: Person,
    anna_peer: Peer,
    privacy: Privacy,
    why: str,
    code: Literal[403, 406],
) -> None:
    telegram.settings.privacy_code = code
    telegram.world.people.replace(anna.model_copy(update={"privacy": privacy}))
    with pytest.raises(CannotWriteError, match=why):
        await worker.send(anna_peer, "раз", 1)


async def test_a_wrong_access_hash_raises_cannot_write(worker: TelegramAccount, anna_peer: Peer) -> None:
    with pytest.raises(CannotWriteError, match="no longer knows"):
        await worker.send(Peer(anna_peer.user_id, anna_peer.access_hash ^ 1), "раз", 1)


@pytest.mark.parametrize("seconds", [1, 30, 86400])
async def test_a_flood_wait_is_raised_and_not_slept(
    telegram: Telegram,
    account: Account,
    worker: TelegramAccount,
    anna: Person,
    anna_peer: Peer,
    seconds: int,
) -> None:
    telegram.faults.plan("error", SEND, code=420, message=f"FLOOD_WAIT_{seconds}")
    with pytest.raises(RateLimitedError) as limited:
        await worker.send(anna_peer, "раз", 1)
    assert limited.value.wait == timedelta(seconds=seconds)
    assert texts_in_chat(telegram, account, anna) == []


@pytest.mark.parametrize(("code", "message"), [(400, "PEER_FLOOD"), (420, "FROZEN_METHOD_INVALID")])
async def test_outreach_limits_raise_peer_flood(
    telegram: Telegram, worker: TelegramAccount, anna_peer: Peer, code: int, message: str
) -> None:
    telegram.faults.plan("error", SEND, code=code, message=message)
    with pytest.raises(PeerFloodError):
        await worker.send(anna_peer, "раз", 1)


async def test_other_refusals_raise_telegram_error(worker: TelegramAccount, anna_peer: Peer) -> None:
    with pytest.raises(TelegramError) as refused:
        await worker.send(anna_peer, "а" * 5000, 1)
    assert type(refused.value) is TelegramError
    assert "MESSAGE_TOO_LONG" in str(refused.value)


async def test_typing_marks_their_messages_as_read(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    telegram.world.write(anna, account, "Вы тут?")
    await worker.show_typing(anna_peer)
    assert telegram.world.chat(account.id, anna.id).unread == 0
    (typing,) = telegram.calls.of("messages.SetTyping")
    assert typing.person == anna.id


@pytest.mark.parametrize(("maximum", "is_sent"), [(0, False), (49, False), (50, True)])
async def test_stars_are_paid_up_to_the_owners_maximum(
    telegram: Telegram,
    account: Account,
    session_file: Path,
    anna: Person,
    anna_peer: Peer,
    maximum: int,
    is_sent: bool,
) -> None:
    telegram.world.people.replace(anna.model_copy(update={"privacy": Privacy(paid_stars=50)}))
    paying = TelegramAccount(settings_of(session_file.parent), SHORT_TIMEOUTS, max_stars=maximum)
    async with opened(paying) as worker:
        if is_sent:
            await worker.check_accepts_messages(anna_peer)
            await worker.send(anna_peer, "Здравствуйте!", 5)
        else:
            with pytest.raises(CannotWriteError, match="50 Telegram Stars"):
                await worker.send(anna_peer, "Здравствуйте!", 5)
    assert len(texts_in_chat(telegram, account, anna)) == is_sent


async def test_a_method_is_not_called_during_its_flood_wait(
    telegram: Telegram, account: Account, session_file: Path, anna_peer: Peer, database: Database
) -> None:
    number = await add_account(database)
    gate = FloodWaits(database, utc_now)
    await gate.load(number)
    telegram.faults.plan("error", SEND, code=420, message="FLOOD_WAIT_3600")
    async with opened(TelegramAccount(settings_of(session_file.parent), SHORT_TIMEOUTS, gate=gate)) as worker:
        for _ in range(3):
            with pytest.raises(RateLimitedError, match=r"before messages\.sendMessage"):
                await worker.send(anna_peer, "Здравствуйте!", 5)
        # Other methods can be called.
        assert (await worker.find_by_username("anna_smirnova")) == anna_peer
    later = FloodWaits(database, utc_now)
    await later.load(number)
    assert later.remaining("messages.sendMessage") > timedelta(minutes=50)
    assert telegram.calls.counts[SEND] == 1
