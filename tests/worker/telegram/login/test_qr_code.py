"""`python -m worker login` by QR code and to a string, at a real terminal, against the sandbox's Telegram."""

import stat
from pathlib import Path

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, AccountFields
from tests.support.terminal import Terminal, run_piped
from tests.support.waiting import until_async
from tests.support.worker_command import command, environment
from tests.worker.telegram.conftest import SHORT_TIMEOUTS, opened, settings_of
from tests.worker.telegram.login.conftest import Start
from worker.telegram.adapter import TelegramAccount
from worker.telegram.login import qr_code


def session_files(folder: Path) -> list[Path]:
    """Return the session files in a folder."""
    return list(folder.glob("*.session*"))


def tokens(telegram: Telegram) -> list[bytes]:
    """Return the tokens that were exported and not used yet."""
    return list(telegram._methods.tokens)


async def shown_code(terminal: Terminal, telegram: Telegram, number: int = 1) -> bytes:
    """Wait for the `number`th code of this login on the terminal; returns its token."""
    await until_async(lambda: len(tokens(telegram)) >= number)
    token = tokens(telegram)[number - 1]
    for line in qr_code.render(qr_code.login_url(token)).splitlines():
        await terminal.expect(line)
    return token


async def test_a_scan_of_the_latest_code_signs_in(
    start: Start, telegram: Telegram, account: Account, tmp_path: Path
) -> None:
    telegram.settings.login_token_seconds = 1
    terminal = await start("--qr")
    await terminal.expect("Link Desktop Device")
    await until_async(lambda: tokens(telegram))
    telegram.settings.login_token_seconds = 30
    expired = await shown_code(terminal, telegram)
    await shown_code(terminal, telegram, 2)
    folder = tmp_path / "sessions"
    assert {stat.S_IMODE(file.stat().st_mode) for file in session_files(folder)} == {0o600}
    assert not telegram.scan(account.id, expired)
    assert telegram.scan(account.id)
    code, shown = await terminal.end()
    assert (code, "Signed in as @gordovcode_ai: " in shown) == (0, True)
    assert stat.S_IMODE((folder / "worker.session").stat().st_mode) == 0o600
    async with opened(
        TelegramAccount(settings_of(folder, telegram_server=telegram.address), SHORT_TIMEOUTS)
    ) as worker:
        assert worker.session.connected


async def test_a_password_after_a_scan_in_another_data_centre(start: Start, telegram: Telegram) -> None:
    far = AccountFields(name="Дальний", phone="+79990000003", password="тайна", dc=4)
    account = telegram.world.add_account(far)
    terminal = await start("--qr")
    await shown_code(terminal, telegram)
    telegram.scan(account.id)
    await terminal.expect("Two-step verification password: ")
    terminal.type("тайна")
    code, shown = await terminal.end()
    assert (code, "Signed in as Дальний: " in shown) == (0, True)
    assert "тайна" not in shown
    assert [auth.dc for auth in telegram.keys.of(account.id)] == [4]
    assert telegram.calls.counts["auth.ImportLoginToken"] == 1


async def test_a_login_by_phone_in_another_data_centre(start: Start, telegram: Telegram) -> None:
    account = telegram.world.add_account(AccountFields(name="Дальний", phone="+79990000003", dc=4))
    terminal = await start()
    await terminal.expect("country code: ")
    terminal.type("+79990000003")
    await terminal.expect("Code: ")
    terminal.type("12345")
    code, shown = await terminal.end()
    assert (code, "Signed in as Дальний: " in shown) == (0, True)
    assert [auth.dc for auth in telegram.keys.of(account.id)] == [4]


async def test_cancelling_prints_no_traceback(start: Start, telegram: Telegram) -> None:
    terminal = await start("--qr")
    await shown_code(terminal, telegram)
    terminal.press(b"\x03")
    code, shown = await terminal.end()
    assert (code, "cancelled" in shown) == (3, True)
    assert "Traceback" not in shown


async def test_the_error_of_a_wrong_hash_names_the_settings(start: Start, telegram: Telegram) -> None:
    telegram.settings.api_hash = "another"
    terminal = await start("--qr")
    code, shown = await terminal.end()
    assert code == 3
    assert "error: TELEGRAM_API_ID and TELEGRAM_API_HASH do not belong together" in shown


async def test_a_session_string(
    settings: dict[str, str], telegram: Telegram, account: Account, tmp_path: Path
) -> None:
    code, out, err = await run_piped(
        command("login", "--string"), tmp_path, environment(tmp_path, settings), f"+{account.phone}\n12345\n"
    )
    # Only the session string is on standard output, so that it can be piped to a secret store.
    session = out.strip()
    assert "Anyone who holds this line controls the account" in err
    assert (code, "\n" in session, session in err) == (0, False, False)
    assert not session_files(tmp_path)
    worker_settings = settings_of(tmp_path, telegram_server=telegram.address, telegram_session_string=session)
    async with opened(TelegramAccount(worker_settings, SHORT_TIMEOUTS)) as worker:
        assert worker.session.connected
    assert not session_files(tmp_path)
