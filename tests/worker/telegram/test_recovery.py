"""Starts and recovery depend on the private chats alone: no channel or group can delay or end them."""

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from pyrogram import raw

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.channels import CHANNEL_ERRORS
from sandbox.fake_telegram.state.people import Account, Person
from sandbox.fake_telegram.tl.channels import channel_post, channel_too_long
from tests.support.waiting import patience, patience_seconds, until_async
from tests.worker.telegram.conftest import SHORT_TIMEOUTS, next_arrivals, opened, settings_of
from worker.domain.telegram_port import Incoming, SessionRevokedError
from worker.telegram.adapter import TelegramAccount


def worker_of(session_file: Path) -> TelegramAccount:
    return TelegramAccount(settings_of(session_file.parent), SHORT_TIMEOUTS)


def join_channels(telegram: Telegram, account: Account, session_file: Path, number: int) -> None:
    """Let the account be in channels, every tenth of which fails; their states are in the session file."""
    rows: list[tuple[int, int | None]] = []
    for index in range(number):
        error = CHANNEL_ERRORS[index // 10 % len(CHANNEL_ERRORS)] if index % 10 == 0 else None
        channel = telegram.world.channels.add(
            account.id, f"Канал {index}", date=int(time.time()) - index, error=error
        )
        rows.append((-1_000_000_000_000 - channel.id, None if index % 7 == 0 else 1))
    with closing(sqlite3.connect(session_file)) as database, database:
        database.executemany("INSERT INTO update_state VALUES (?, ?, NULL, NULL, NULL)", rows)


async def test_a_start_among_500_channels_takes_less_than_3_seconds(
    telegram: Telegram, account: Account, anna: Person, session_file: Path
) -> None:
    async with opened(worker_of(session_file)):
        pass
    join_channels(telegram, account, session_file, 500)
    telegram.world.write(anna, account, "пока worker стоял")
    worker = worker_of(session_file)
    telegram.calls.clear()
    began = time.monotonic()
    async with opened(worker):
        (message,) = await next_arrivals(worker, 1)
        assert time.monotonic() - began < patience_seconds(10)
        assert isinstance(message, Incoming)
        assert telegram.calls.counts["updates.GetChannelDifference"] == 0
        assert telegram.calls.counts.total() < 10


async def test_updates_of_channels_and_groups_cost_no_call(
    telegram: Telegram, account: Account, anna: Person, worker: TelegramAccount
) -> None:
    await until_async(lambda: telegram.calls.counts["updates.GetDifference"] > 0)
    channel = telegram.world.channels.add(account.id, "Канал", date=int(time.time()))
    telegram.calls.clear()
    for number in range(100):
        channel.pts += 1
        telegram.push(account, channel_post(channel, f"пост {number}"))
        telegram.push(account, channel_too_long(channel))
    group = raw.types.PeerChat(chat_id=55)
    said = raw.types.Message(id=9, peer_id=group, date=1, message="в группе")
    update = raw.types.UpdateNewMessage(message=said, pts=1, pts_count=1)
    telegram.push(account, raw.types.Updates(updates=[update], users=[], chats=[], date=1, seq=0))
    telegram.world.write(anna, account, "лично")
    (message,) = await next_arrivals(worker, 1)
    assert isinstance(message, Incoming)
    assert message.text == "лично"
    assert telegram.calls.counts.total() == 0


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (500, "HISTORY_GET_FAILED"),
        (400, "PERSISTENT_TIMESTAMP_INVALID"),
        (500, "PERSISTENT_TIMESTAMP_OUTDATED"),
        (403, "SOMETHING_NEW"),
        (420, "FLOOD_WAIT_5"),
        (-503, "Timeout"),
    ],
)
async def test_an_error_of_the_recovery_stops_nothing_and_is_tried_again_slowly(
    telegram: Telegram, account: Account, anna: Person, session_file: Path, code: int, error: str
) -> None:
    fault = telegram.faults.plan("error", "updates.GetDifference", times=None, code=code, message=error)
    worker = worker_of(session_file)
    telegram.world.write(anna, account, "до начала")
    async with opened(worker):
        assert worker.session.reconnected.is_set()
        telegram.world.write(anna, account, "вживую")
        (message,) = await next_arrivals(worker, 1)
        assert isinstance(message, Incoming)
        assert message.text == "вживую"
        await asyncio.sleep(3)
        assert telegram.calls.counts["updates.GetDifference"] <= 4
        telegram.faults.remove(fault.id)


async def test_a_short_message_arrives_although_the_recovery_fails(
    telegram: Telegram, account: Account, anna: Person, worker: TelegramAccount
) -> None:
    await until_async(lambda: telegram.calls.counts["updates.GetDifference"] > 0)
    telegram.faults.plan("error", "updates.GetDifference", times=None)
    telegram.settings.push_form = "short"
    telegram.world.write(anna, account, "коротко")
    (message,) = await next_arrivals(worker, 1)
    assert isinstance(message, Incoming)
    assert message.text == "коротко"


async def test_short_messages_do_not_wait_for_the_next_try_of_the_recovery(
    telegram: Telegram, account: Account, anna: Person, worker: TelegramAccount
) -> None:
    await until_async(lambda: telegram.calls.counts["updates.GetDifference"] > 0)
    telegram.faults.plan("error", "updates.GetDifference", times=None)
    telegram.settings.push_form = "short"
    telegram.world.write(anna, account, "первое")
    await next_arrivals(worker, 1)
    # The pause after a failure is two seconds, and grows to five minutes.
    telegram.world.write(anna, account, "второе")
    began = time.monotonic()
    (message,) = await next_arrivals(worker, 1)
    assert time.monotonic() - began < patience_seconds(1.5)
    assert isinstance(message, Incoming)
    assert message.text == "второе"


@pytest.mark.parametrize("form", ["usual", "short"])
async def test_a_session_file_that_cannot_be_written_delays_no_message(
    telegram: Telegram,
    account: Account,
    anna: Person,
    worker: TelegramAccount,
    session_file: Path,
    caplog: pytest.LogCaptureFixture,
    form: str,
) -> None:
    caplog.set_level("INFO")
    await until_async(lambda: telegram.calls.counts["updates.GetDifference"] > 0)
    with closing(sqlite3.connect(session_file)) as database, database:
        database.execute(
            "CREATE TRIGGER full BEFORE UPDATE ON update_state BEGIN SELECT RAISE(FAIL, 'disk is full'); END"
        )
    if form == "short":
        telegram.settings.push_form = "short"
    for number in range(3):
        # Each gap ends with a state to be stored.
        calls = telegram.calls.counts["updates.GetDifference"]
        telegram.push(account, raw.types.UpdatesTooLong())
        await until_async(lambda calls=calls: telegram.calls.counts["updates.GetDifference"] > calls)
        telegram.world.write(anna, account, f"сообщение {number}")
        began = time.monotonic()
        (message,) = await next_arrivals(worker, 1)
        assert time.monotonic() - began < patience_seconds(1.5)
        assert isinstance(message, Incoming)
    assert caplog.text.count("the session file cannot be written") == 1
    assert "could not be fetched" not in caplog.text
    with closing(sqlite3.connect(session_file)) as database, database:
        database.execute("DROP TRIGGER full")
    telegram.push(account, raw.types.UpdatesTooLong())
    await until_async(lambda: "the session file is written again" in caplog.text)


async def test_a_lost_update_is_noticed_with_the_next_one(
    telegram: Telegram, account: Account, anna: Person, worker: TelegramAccount
) -> None:
    await until_async(lambda: telegram.calls.counts["updates.GetDifference"] > 0)
    telegram.faults.plan("suppress")
    telegram.world.write(anna, account, "потеряно")
    telegram.world.write(anna, account, "следом")
    texts = {message.text for message in await next_arrivals(worker, 2) if isinstance(message, Incoming)}
    assert texts == {"потеряно", "следом"}


async def test_many_missed_messages_come_in_slices(
    telegram: Telegram, account: Account, anna: Person, session_file: Path
) -> None:
    async with opened(worker_of(session_file)):
        pass
    telegram.settings.difference_slice = 10
    texts = [str(number) for number in range(55)]
    for text in texts:
        telegram.world.write(anna, account, text)
    worker = worker_of(session_file)
    async with opened(worker):
        arrived = await next_arrivals(worker, 55)
    assert [message.text for message in arrived if isinstance(message, Incoming)] == texts


async def test_too_many_missed_updates_are_left_to_the_histories(
    telegram: Telegram, account: Account, anna: Person, session_file: Path
) -> None:
    async with opened(worker_of(session_file)):
        pass
    telegram.world.write(anna, account, "давно")
    telegram.faults.plan("difference_too_long")
    worker = worker_of(session_file)
    async with opened(worker):
        worker.session.reconnected.clear()
        async with patience():
            await worker.session.reconnected.wait()
        telegram.world.write(anna, account, "сейчас")
        (message,) = await next_arrivals(worker, 1)
        assert isinstance(message, Incoming)
        assert message.text == "сейчас"


async def test_a_session_that_ends_during_the_recovery_ends_the_watch(
    telegram: Telegram, session_file: Path
) -> None:
    telegram.faults.plan("error", "updates.GetDifference", code=401, message="SESSION_REVOKED")
    async with opened(worker_of(session_file)) as worker:
        with pytest.raises(SessionRevokedError):
            async with patience():
                await worker.session.watch()
