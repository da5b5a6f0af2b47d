"""`python -m worker login` at a real terminal, against the sandbox's Telegram."""

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, AccountFields
from tests.support.terminal import run_piped
from tests.support.worker_command import command, environment
from tests.worker.telegram.conftest import SHORT_TIMEOUTS, opened, settings_of
from tests.worker.telegram.login.conftest import Start
from worker.telegram.adapter import TelegramAccount

PHONE = "+79990000001"


@pytest.fixture
def old_session(session_file: Path) -> Path:
    """A session file in the folder of the login."""
    folder = session_file.parent / "sessions"
    folder.mkdir()
    return session_file.rename(folder / session_file.name)


async def test_login_by_code_and_password(start: Start, telegram: Telegram, tmp_path: Path) -> None:
    account = telegram.world.add_account(
        AccountFields(name="Второй", phone="+79990000002", code="54321", password="тайна")
    )
    terminal = await start()
    await terminal.expect("Phone of the account, with country code: ")
    terminal.type("+7 999 000-00-02")
    await terminal.expect("Telegram has sent a code")
    await terminal.expect("Code: ")
    terminal.type("00000")
    await terminal.expect("Wrong code.")
    await terminal.expect("Code: ")
    terminal.type("54321")
    await terminal.expect("Two-step verification password: ")
    terminal.type("не та")
    await terminal.expect("Wrong password.")
    await terminal.expect("Two-step verification password: ")
    terminal.type("тайна")
    code, shown = await terminal.end()
    assert code == 0
    # The password is not shown while it is typed.
    assert "тайна" not in shown
    assert "Signed in as Второй: " in shown
    session_file = tmp_path / "sessions" / "worker.session"
    assert stat.S_IMODE(session_file.stat().st_mode) == 0o600
    worker = TelegramAccount(
        settings_of(session_file.parent, telegram_server=telegram.address), SHORT_TIMEOUTS
    )
    async with opened(worker):
        assert worker.session.connected
    assert telegram.keys.of(account.id)


async def test_a_second_login_finds_the_account_signed_in(start: Start) -> None:
    terminal = await start()
    await terminal.expect("country code: ")
    terminal.type(PHONE)
    await terminal.expect("Code: ")
    terminal.type("12345")
    assert (await terminal.end())[0] == 0
    again = await start()
    code, shown = await again.end()
    assert code == 0
    assert "Signed in as @gordovcode_ai: " in shown
    assert "Phone" not in shown


async def test_a_revoked_session_is_replaced(start: Start, telegram: Telegram, old_session: Path) -> None:
    await assert_session_is_replaced(start, telegram, telegram.revoke)


async def test_a_killed_key_is_replaced(start: Start, telegram: Telegram, old_session: Path) -> None:
    def kill(account_id: int) -> None:
        (auth,) = telegram.keys.of(account_id)
        telegram.keys.revoke(auth, "AUTH_KEY_DUPLICATED")
        telegram.keys.bind(auth, None)

    await assert_session_is_replaced(start, telegram, kill)


async def test_a_key_that_the_server_does_not_know_is_replaced(
    start: Start, telegram: Telegram, old_session: Path
) -> None:
    await assert_session_is_replaced(start, telegram, lambda _: telegram.keys._keys.clear())


async def assert_session_is_replaced(start: Start, telegram: Telegram, end: Callable[[int], None]) -> None:
    account_id = next(iter(telegram.world.accounts))
    end(account_id)
    terminal = await start()
    await terminal.expect("has ended: signing in again")
    await terminal.expect("country code: ")
    terminal.type(PHONE)
    await terminal.expect("Code: ")
    terminal.type("12345")
    code, shown = await terminal.end()
    assert (code, "Signed in as @gordovcode_ai" in shown) == (0, True)
    assert len(telegram.keys.of(account_id)) == 1


async def test_answers_can_come_from_a_pipe(
    settings: dict[str, str], account: Account, tmp_path: Path
) -> None:
    code, out, err = await run_piped(
        command("login"), tmp_path, environment(tmp_path, settings), f"{PHONE}\n12345\n"
    )
    assert (code, err) == (0, "")
    assert "Signed in as @gordovcode_ai" in out


@pytest.mark.parametrize(
    ("phone", "said"), [("12", "no phone number"), ("+79995550000", "no Telegram account with this phone")]
)
async def test_a_wrong_phone(start: Start, phone: str, said: str) -> None:
    terminal = await start()
    await terminal.expect("country code: ")
    terminal.type(phone)
    if phone != "12":
        await terminal.expect("Code: ")
        terminal.type("12345")
    code, shown = await terminal.end()
    assert code == 3
    assert "error: " in shown
    assert said in shown
    assert "Traceback" not in shown


async def test_three_wrong_codes_end_the_login(start: Start) -> None:
    terminal = await start()
    await terminal.expect("country code: ")
    terminal.type(PHONE)
    for _ in range(3):
        await terminal.expect("Code: ")
        terminal.type("00000")
    code, shown = await terminal.end()
    assert code == 3
    assert "error: wrong code" in shown


@pytest.mark.parametrize("key", [b"\x04", b"\x03"])
async def test_cancelling_prints_no_traceback(start: Start, key: bytes) -> None:
    terminal = await start()
    await terminal.expect("country code: ")
    terminal.press(key)
    code, shown = await terminal.end()
    assert code == 3
    assert "cancelled" in shown
    assert "Traceback" not in shown


async def test_a_session_file_in_use_is_not_changed(start: Start, tmp_path: Path) -> None:
    folder = tmp_path / "sessions"
    folder.mkdir()
    with closing(sqlite3.connect(folder / "worker.session")) as database:
        database.execute("CREATE TABLE x (y)")
        database.execute("BEGIN EXCLUSIVE")
        terminal = await start()
        code, shown = await terminal.end()
    assert code == 3
    assert "is in use: stop the worker first" in shown
    assert "Traceback" not in shown


async def test_a_server_that_is_down(start: Start, telegram: Telegram) -> None:
    terminal = await start()
    await telegram.down()
    code, shown = await terminal.end()
    assert code == 3
    assert "Telegram cannot be reached" in shown
    assert "TELEGRAM_PROXY" in shown
