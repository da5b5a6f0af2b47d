"""Connecting: with a session file, with the key of another server, and every way it can fail."""

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from pyrogram.crypto import rsa

from sandbox import sessions
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Person
from shared.errors import ConfigError
from tests.support.waiting import patience, until_async
from tests.worker.telegram.conftest import SHORT_TIMEOUTS, opened, settings_of
from worker.domain.telegram_port import Identity, Peer, SessionRevokedError, TelegramUnavailableError
from worker.telegram.adapter import TelegramAccount
from worker.telegram.session.client import check_session_file
from worker.telegram.session.timeouts import Timeouts

VERY_SHORT_TIMEOUTS = Timeouts(start=0.5, call=0.3, down=1)


def account_of(session_file: Path, timeouts: Timeouts = SHORT_TIMEOUTS, **settings: Any) -> TelegramAccount:  # noqa: ANN401
    return TelegramAccount(settings_of(session_file.parent, **settings), timeouts)


async def revoked_error(account: TelegramAccount) -> SessionRevokedError:
    with pytest.raises(SessionRevokedError) as ended:
        await account.session.open()
    assert "python -m worker login" in str(ended.value)
    assert ended.value.state == "needs_login"
    return ended.value


async def test_a_session_file_is_enough_to_connect(session_file: Path, account: Account) -> None:
    worker = account_of(session_file)
    assert await worker.session.open() == Identity(account.id, "gordovcode_ai")
    assert worker.session.connected
    assert worker.session.reconnected.is_set()
    await worker.session.close()
    assert not worker.session.connected


async def test_a_session_can_be_opened_again(session_file: Path, account: Account) -> None:
    worker = account_of(session_file)
    for _ in range(3):
        async with opened(worker):
            assert worker.session.connected


async def test_another_server_with_its_key(telegram: Telegram, account: Account, session_file: Path) -> None:
    # The file has an address without a server; the settings have the right one.
    sessions.ensure(telegram, session_file, account.id, sessions.Address("127.0.0.1", 9))
    rsa.server_public_keys.pop(telegram.key.fingerprint, None)
    async with opened(
        account_of(session_file, telegram_server=telegram.address, telegram_server_key=telegram.key.pkcs1_pem)
    ) as worker:
        assert worker.session.connected
    assert telegram.key.fingerprint in rsa.server_public_keys


async def test_a_server_that_is_down_is_unavailable(telegram: Telegram, session_file: Path) -> None:
    await telegram.down()
    with pytest.raises(TelegramUnavailableError):
        await account_of(session_file, VERY_SHORT_TIMEOUTS).session.open()


async def test_a_server_that_is_silent_is_unavailable(telegram: Telegram, session_file: Path) -> None:
    telegram.faults.plan("silent")
    with pytest.raises(TelegramUnavailableError):
        await account_of(session_file, VERY_SHORT_TIMEOUTS).session.open()


async def test_after_a_failed_start_the_next_one_works(telegram: Telegram, session_file: Path) -> None:
    worker = account_of(session_file, Timeouts(start=2, call=0.3, down=1))
    await telegram.down()
    with pytest.raises(TelegramUnavailableError):
        await worker.session.open()
    await telegram.up()
    async with opened(worker):
        assert worker.session.connected


async def test_a_missing_session_file(tmp_path: Path) -> None:
    missing = tmp_path / "worker.session"
    # Twice: the first try must not have created a file.
    for _ in range(2):
        assert "is not there" in str(await revoked_error(account_of(missing)))


async def test_a_session_that_is_not_signed_in(session_file: Path) -> None:
    with closing(sqlite3.connect(session_file)) as database, database:
        database.execute("UPDATE sessions SET user_id = NULL")
    assert "is not signed in" in str(await revoked_error(account_of(session_file)))


@pytest.fixture(params=[b"", b"this is no database, however long it may be" * 50])
def damaged(request: pytest.FixtureRequest, session_file: Path) -> Path:
    session_file.write_bytes(request.param)
    return session_file


async def test_a_damaged_session_file(damaged: Path) -> None:
    assert "is damaged" in str(await revoked_error(account_of(damaged)))


async def test_a_session_file_in_use(session_file: Path) -> None:
    with closing(sqlite3.connect(session_file)) as database:
        database.execute("BEGIN EXCLUSIVE")
        with pytest.raises(TelegramUnavailableError, match="in use by another process"):
            await account_of(session_file).session.open()


async def test_a_session_file_that_may_not_be_read_needs_no_login(session_file: Path) -> None:
    _check_as_another_user(session_file)


def _check_as_another_user(session_file: Path) -> None:
    # Root may read everything, so the test becomes another user, in a folder that all may enter.
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        file = Path(shutil.copy(session_file, folder))
        file.chmod(0)
        is_root = os.geteuid() == 0
        if is_root:
            os.seteuid(65534)
        try:
            with pytest.raises(ConfigError, match="may not be read and written by this user"):
                check_session_file(file)
        finally:
            if is_root:
                os.seteuid(0)


async def test_a_revoked_session(telegram: Telegram, account: Account, session_file: Path) -> None:
    telegram.revoke(account.id)
    await revoked_error(account_of(session_file))


async def test_a_duplicated_key(telegram: Telegram, account: Account, session_file: Path) -> None:
    (auth,) = telegram.keys.of(account.id)
    telegram.keys.revoke(auth, "AUTH_KEY_DUPLICATED")
    assert "two places" in str(await revoked_error(account_of(session_file)))


@pytest.fixture
async def other_server() -> AsyncIterator[Telegram]:
    """A server that does not know the session's key."""
    server = Telegram()
    await server.up()
    yield server
    await server.stop()


async def test_a_key_that_the_server_does_not_know(other_server: Telegram, session_file: Path) -> None:
    worker = account_of(
        session_file, telegram_server=other_server.address, telegram_server_key=other_server.key.spki_pem
    )
    # At once, not only when the time limit of a start (5 s) ends.
    async with patience(3):
        assert "does not know this session" in str(await revoked_error(worker))


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("telegram_proxy", "proxy.example"),
        ("telegram_proxy", "ftp://proxy.example:21"),
        ("telegram_proxy", "socks5://proxy.example"),
        ("telegram_proxy", "tg://proxy?server=x"),
        ("telegram_server_key", "no key"),
    ],
)
async def test_unusable_settings_are_named(session_file: Path, setting: str, value: str) -> None:
    settings = settings_of(session_file.parent, **{setting: value})
    with pytest.raises(ConfigError, match=f"^{setting.upper()}: "):
        await TelegramAccount(settings).session.open()


async def test_a_call_without_a_connection_is_unavailable(session_file: Path, anna_peer: Peer) -> None:
    with pytest.raises(TelegramUnavailableError):
        await account_of(session_file).send(anna_peer, "раз", 1)


async def test_a_session_that_is_revoked_while_connected(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna_peer: Peer
) -> None:
    telegram.revoke(account.id)
    with pytest.raises(SessionRevokedError):
        await worker.send(anna_peer, "раз", 1)
    with pytest.raises(SessionRevokedError):
        await worker.find_by_username("anna_smirnova")


async def test_the_session_reconnects_after_an_outage(
    telegram: Telegram, worker: TelegramAccount, anna_peer: Peer, anna: Person, account: Account
) -> None:
    worker.session.reconnected.clear()
    await telegram.down()
    await until_async(lambda: not worker.session.connected)
    await telegram.up()
    async with patience():
        await worker.session.reconnected.wait()
    assert worker.session.connected
    await worker.send(anna_peer, "раз", 1)
    assert len(telegram.world.chat(account.id, anna.id).messages) == 1


async def test_watching_ends_when_the_link_stays_down(telegram: Telegram, session_file: Path) -> None:
    async with opened(account_of(session_file, Timeouts(start=5, call=5, down=2))) as worker:
        watching = asyncio.create_task(worker.session.watch())
        await telegram.down()
        async with patience():
            await watching


async def test_watching_ends_when_the_link_is_up_and_silent(telegram: Telegram, session_file: Path) -> None:
    timeouts = Timeouts(start=5, call=0.1, down=60, ping=0.05)
    async with opened(account_of(session_file, timeouts)) as worker:
        telegram.faults.plan("silent", "updates.GetState")
        async with patience():
            await worker.session.watch()
        assert worker.session.connected


async def test_watching_continues_while_telegram_answers(telegram: Telegram, session_file: Path) -> None:
    timeouts = Timeouts(start=5, call=0.2, down=60, ping=0.02)
    async with opened(account_of(session_file, timeouts)) as worker:
        watching = asyncio.create_task(worker.session.watch())
        # One missing answer does not end the watch.
        telegram.faults.plan("swallow_before", "updates.GetState")
        telegram.faults.plan("error", "updates.GetState", code=420, message="FLOOD_WAIT_5")
        telegram.calls.clear()
        await until_async(lambda: telegram.calls.counts["updates.GetState"] > 6)
        assert not watching.done()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def test_watching_raises_when_the_server_has_lost_the_key(
    telegram: Telegram, account: Account, session_file: Path
) -> None:
    async with opened(account_of(session_file)) as worker:
        watching = asyncio.create_task(worker.session.watch())
        telegram.keys._keys.clear()
        telegram.drop()
        with pytest.raises(SessionRevokedError):
            async with patience():
                await watching


async def test_a_link_that_does_not_last_is_replaced_more_and_more_slowly(
    telegram: Telegram, session_file: Path
) -> None:
    async with opened(account_of(session_file)):
        telegram.calls.clear()
        telegram.faults.plan("drop_after", "help.GetConfig", times=None)
        telegram.drop()
        await asyncio.sleep(4)
        assert 2 <= telegram.calls.counts["help.GetConfig"] <= 5
