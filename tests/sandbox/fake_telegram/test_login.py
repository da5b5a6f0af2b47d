"""Login over a real key exchange, and start with a signed-in session file."""

import stat
from pathlib import Path

import pytest
from pyrogram import Client, errors, raw
from pyrogram.connection.transport import TCPFull, TCPIntermediate

from sandbox import sessions
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, AccountFields
from tests.sandbox.fake_telegram.clients import login_client, session_client


async def test_login_with_the_code(telegram: Telegram, account: Account) -> None:
    client = login_client(telegram, account.phone, account.code)
    await client.start()
    assert client.me.id == account.id
    await client.stop()


async def test_login_with_two_step_verification(telegram: Telegram) -> None:
    account = telegram.world.add_account(AccountFields(phone="79990000002", password="тайна"))
    client = login_client(telegram, account.phone, account.code, "тайна")
    await client.start()
    assert client.me.id == account.id
    assert telegram.calls.counts["auth.CheckPassword"] == 1
    await client.stop()


async def test_a_wrong_code_and_a_wrong_password_are_errors(telegram: Telegram) -> None:
    account = telegram.world.add_account(AccountFields(phone="79990000002", password="тайна"))
    client = login_client(telegram, account.phone, account.code)
    await client.connect()
    sent = await client.send_code(account.phone)
    with pytest.raises(errors.PhoneCodeInvalid):
        await client.sign_in(account.phone, sent.phone_code_hash, "00000")
    with pytest.raises(errors.SessionPasswordNeeded):
        await client.sign_in(account.phone, sent.phone_code_hash, account.code)
    with pytest.raises(errors.PasswordHashInvalid):
        await client.check_password("не та")
    with pytest.raises(errors.PhoneNumberInvalid):
        await client.send_code("12")
    await client.disconnect()


async def test_an_unknown_phone_has_to_sign_up(telegram: Telegram) -> None:
    client = login_client(telegram, "79995550000", "12345")
    await client.connect()
    sent = await client.send_code("79995550000")
    assert await client.sign_in("79995550000", sent.phone_code_hash, "12345") is False
    await client.disconnect()


async def test_a_logged_out_session_is_unregistered(telegram: Telegram, account: Account) -> None:
    client = login_client(telegram, account.phone, account.code)
    await client.start()
    telegram.revoke(account.id)
    with pytest.raises(errors.AuthKeyUnregistered):
        await client.get_me()
    await client.stop()


async def test_a_session_file_is_enough_to_connect(
    telegram: Telegram, account: Account, tmp_path: Path
) -> None:
    path = sessions.ensure(telegram, tmp_path / "deep" / "ready", account.id)
    assert path.name == "ready.session"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    client = Client("ready", workdir=str(path.parent))
    await client.start()
    assert client.me.id == account.id
    await client.stop()


@pytest.mark.parametrize("framing", [TCPIntermediate, TCPFull])
async def test_other_framings_work(
    telegram: Telegram, account: Account, tmp_path: Path, framing: type[object]
) -> None:
    async with session_client(telegram, tmp_path, protocol_factory=framing) as worker:
        assert (await worker.client.get_me()).id == account.id


async def test_a_valid_session_is_kept_with_a_new_address(
    telegram: Telegram, account: Account, tmp_path: Path
) -> None:
    path = sessions.ensure(telegram, tmp_path / "kept", account.id)
    before = len(telegram.keys.of(account.id))
    sessions.ensure(telegram, path, account.id, sessions.Address("sandbox", 4430))
    assert len(telegram.keys.of(account.id)) == before
    client = Client("kept", workdir=str(tmp_path))
    await client.storage.open()
    assert await client.storage.server_address() == "sandbox"
    assert await client.storage.port() == 4430
    await client.storage.close()


async def test_a_session_of_another_server_is_replaced(
    telegram: Telegram, account: Account, tmp_path: Path
) -> None:
    path = sessions.session_path(tmp_path / "foreign")
    path.write_bytes(b"not a database at all, but long enough to be taken for one")
    sessions.ensure(telegram, path, account.id)
    assert len(telegram.keys.of(account.id)) == 1


@pytest.mark.parametrize("text", ["sandbox", ":443", "sandbox:", "sandbox:https"])
def test_an_address_needs_a_host_and_a_port(text: str) -> None:
    with pytest.raises(ValueError, match="host:port"):
        sessions.parse_address(text)


async def test_log_out_unregisters_the_key(telegram: Telegram, account: Account) -> None:
    client = login_client(telegram, account.phone, account.code)
    await client.start()
    await client.invoke(raw.functions.auth.LogOut())
    with pytest.raises(errors.AuthKeyUnregistered):
        await client.get_me()
    await client.stop()


async def test_an_account_without_a_password_has_no_hint(
    telegram: Telegram, account: Account, tmp_path: Path
) -> None:
    async with session_client(telegram, tmp_path) as worker:
        assert not (await worker.call(raw.functions.account.GetPassword())).has_password
        assert await worker.call(raw.functions.account.UpdateStatus(offline=False)) is True
