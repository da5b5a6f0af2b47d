"""A machine whose clock is wrong: the worker counts Telegram's time, and says so once."""

import logging
from pathlib import Path

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Person
from tests.support.waiting import patience
from tests.worker.telegram.conftest import SHORT_TIMEOUTS, opened, settings_of, texts_in_chat
from worker.domain.telegram_port import Peer, TelegramUnavailableError
from worker.telegram.adapter import TelegramAccount
from worker.telegram.login.probe import check_app
from worker.telegram.transport.server_clock import ServerClock, describe

DAY = 86_400


@pytest.mark.parametrize("ahead", [-45, -120, -600, -3 * DAY, 45, 600, 3 * DAY])
async def test_a_wrong_clock_changes_nothing(
    telegram: Telegram,
    account: Account,
    anna: Person,
    anna_peer: Peer,
    session_file: Path,
    caplog: pytest.LogCaptureFixture,
    ahead: int,
) -> None:
    telegram.settings.clock_ahead = ahead
    worker = TelegramAccount(settings_of(session_file.parent), SHORT_TIMEOUTS)
    with caplog.at_level(logging.WARNING, "worker"):
        for number in range(2):
            async with opened(worker):
                await worker.send(anna_peer, f"{number}", number + 1)
                worker.session.reconnected.clear()
                telegram.drop()
                async with patience():
                    await worker.session.reconnected.wait()
                await worker.send(anna_peer, f"{number} ещё раз", number + 11)
    assert texts_in_chat(telegram, account, anna) == ["0", "0 ещё раз", "1", "1 ещё раз"]
    side = "ahead of" if ahead < 0 else "behind"
    assert [record.message for record in caplog.records if "clock" in record.message] == [
        f"{describe(-ahead)}; the worker uses Telegram's time for its calls"
    ]
    assert side in describe(-ahead)
    assert abs(worker.session.clock.error + ahead) < 2


@pytest.mark.parametrize("ahead", [-1000, 1000])
async def test_a_clock_that_jumps_while_connected(
    telegram: Telegram, account: Account, anna: Person, anna_peer: Peer, worker: TelegramAccount, ahead: int
) -> None:
    await worker.send(anna_peer, "до", 1)
    telegram.settings.clock_ahead = ahead
    await worker.send(anna_peer, "после", 2)
    assert texts_in_chat(telegram, account, anna) == ["до", "после"]


@pytest.mark.parametrize("code", [16, 17, 48])
async def test_a_rejected_message_is_sent_again(
    telegram: Telegram, account: Account, anna: Person, anna_peer: Peer, worker: TelegramAccount, code: int
) -> None:
    telegram.faults.plan("reject", "messages.SendMessage", code=code)
    assert (await worker.send(anna_peer, "раз", 1)).message_id
    assert texts_in_chat(telegram, account, anna) == ["раз"]


@pytest.mark.parametrize("code", [16, 17, 20, 32, 33, 48, 64])
async def test_a_rejection_is_never_an_answer(
    telegram: Telegram, account: Account, anna: Person, anna_peer: Peer, worker: TelegramAccount, code: int
) -> None:
    fault = telegram.faults.plan("reject", "messages.SendMessage", times=None, code=code)
    with pytest.raises(TelegramUnavailableError):
        await worker.send(anna_peer, "раз", 1)
    assert telegram.calls.counts["messages.SendMessage"] <= 4
    telegram.faults.remove(fault.id)
    async with patience():
        await worker.send(anna_peer, "раз", 1)
    assert texts_in_chat(telegram, account, anna) == ["раз"]


async def test_the_check_of_the_doctor_returns_the_error_of_the_clock(
    telegram: Telegram, tmp_path: Path
) -> None:
    telegram.settings.clock_ahead = -600
    settings = settings_of(
        tmp_path, telegram_server=telegram.address, telegram_server_key=telegram.key.pkcs1_pem
    )
    assert 595 < await check_app(settings) < 605


def test_the_time_is_telegrams_whatever_the_machine_says() -> None:
    machine, monotonic = 1_000.0, 50.0
    clock = ServerClock(lambda: machine, lambda: monotonic)
    assert clock.now() == 1_000
    clock.sync(2_000 * 2**32)
    assert (clock.now(), clock.error) == (2_000, -1_000)
    monotonic += 5
    machine = 9_000
    assert (clock.now(), clock.error) == (2_005, 6_995)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (600.4, "this machine's clock is 600 s ahead of Telegram's"),
        (-45, "this machine's clock is 45 s behind Telegram's"),
        (3 * DAY + 5, "this machine's clock is 3 days ahead of Telegram's"),
    ],
)
def test_the_text_about_a_clock(error: float, text: str) -> None:
    assert describe(error) == text
