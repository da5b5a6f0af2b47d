"""`python -m worker login` at a real terminal, against the sandbox's Telegram."""

import asyncio
import sqlite3
import stat
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, AccountFields
from tests.support.terminal import Terminal, open_terminal
from tests.support.worker_command import command, environment
from tests.worker.telegram.conftest import BRIEF, opened, settings_of
from worker.telegram.adapter import TelegramAccount

Start = Callable[..., Awaitable[Terminal]]
PHONE = "+79990000001"


@pytest.fixture
def old_session(session_file: Path) -> Path:
    """A session where the login looks for it."""
    folder = session_file.parent / "sessions"
    folder.mkdir()
    return session_file.rename(folder / session_file.name)


@pytest.fixture
async def start(telegram: Telegram, account: Account, tmp_path: Path) -> AsyncIterator[Start]:
    """Begins a login at a terminal."""
    settings = {
        "TELEGRAM_API_ID": "1",
        "TELEGRAM_API_HASH": "hash",
        "TELEGRAM_SESSION_NAME": "worker",
        "TELEGRAM_SERVER": telegram.address,
        "TELEGRAM_SERVER_KEY": telegram.key.spki_pem,
    }
    terminals: list[Terminal] = []

    async def start(*options: str) -> Terminal:
        here = environment(tmp_path / "sessions", settings)
        terminals.append(await open_terminal(command("login", *options), tmp_path, here))
        return terminals[-1]

    yield start
    for terminal in terminals:
        await terminal.close()


async def test_code_and_password(start: Start, telegram: Telegram, tmp_path: Path) -> None:
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
    worker = TelegramAccount(settings_of(session_file.parent, telegram_server=telegram.address), BRIEF)
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


async def test_an_ended_session_is_begun_anew(start: Start, telegram: Telegram, old_session: Path) -> None:
    await begin_anew(start, telegram, telegram.revoke)


async def test_a_killed_key_is_replaced(start: Start, telegram: Telegram, old_session: Path) -> None:
    def kill(account_id: int) -> None:
        (auth,) = telegram.keys.of(account_id)
        telegram.keys.kill(auth, "AUTH_KEY_DUPLICATED")
        telegram.keys.bind(auth, None)

    await begin_anew(start, telegram, kill)


async def test_a_strange_servers_key_is_replaced(start: Start, telegram: Telegram, old_session: Path) -> None:
    await begin_anew(start, telegram, lambda _: telegram.keys._keys.clear())


async def begin_anew(start: Start, telegram: Telegram, end: Callable[[int], None]) -> None:
    account_id = next(iter(telegram.world.accounts))
    end(account_id)
    terminal = await start()
    await terminal.expect("has ended: signing in anew")
    await terminal.expect("country code: ")
    terminal.type(PHONE)
    await terminal.expect("Code: ")
    terminal.type("12345")
    code, shown = await terminal.end()
    assert (code, "Signed in as @gordovcode_ai" in shown) == (0, True)
    assert len(telegram.keys.of(account_id)) == 1


async def test_answers_may_come_from_a_pipe(telegram: Telegram, account: Account, tmp_path: Path) -> None:
    settings = {
        "TELEGRAM_API_ID": "1",
        "TELEGRAM_API_HASH": "hash",
        "TELEGRAM_SERVER": telegram.address,
        "TELEGRAM_SERVER_KEY": telegram.key.spki_pem,
    }
    process = await asyncio.create_subprocess_exec(
        *command("login"),
        cwd=tmp_path,
        env=environment(tmp_path, settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(20):
        out, err = await process.communicate(f"{PHONE}\n12345\n".encode())
    assert (process.returncode, err.decode()) == (0, "")
    assert b"Signed in as @gordovcode_ai" in out


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


async def test_wrong_codes_end(start: Start) -> None:
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
async def test_leaving_is_no_crash(start: Start, key: bytes) -> None:
    terminal = await start()
    await terminal.expect("country code: ")
    terminal.press(key)
    code, shown = await terminal.end()
    assert code == 3
    assert "cancelled" in shown
    assert "Traceback" not in shown


async def test_a_session_in_use_is_left_alone(start: Start, tmp_path: Path) -> None:
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


async def test_a_server_that_is_away(start: Start, telegram: Telegram) -> None:
    terminal = await start()
    await telegram.down()
    code, shown = await terminal.end()
    assert code == 3
    assert "Telegram cannot be reached" in shown
    assert "TELEGRAM_PROXY" in shown
