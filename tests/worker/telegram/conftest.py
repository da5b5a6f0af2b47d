"""A Telegram of the sandbox with one account, some people, and the worker's own client on it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import sessions
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, AccountFields, Person, PersonFields
from worker.domain.telegram_port import Arrival, Peer
from worker.settings import TelegramSettings
from worker.telegram.adapter import TelegramAccount
from worker.telegram.session import Patience

DEADLINE = 30.0
BRIEF = Patience(start=5, call=5, silent=60)


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition; AssertionError when it does not come true in time."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.005)


def settings_of(folder: Path, **other: Any) -> TelegramSettings:  # noqa: ANN401
    """A worker's settings with its session in `folder`."""
    usual: dict[str, Any] = {
        "telegram_api_id": 1,
        "telegram_api_hash": "hash",
        "telegram_session_dir": folder,
        "telegram_session_name": "worker",
    }
    return TelegramSettings(**usual | other)


@asynccontextmanager
async def opened(account: TelegramAccount) -> AsyncIterator[TelegramAccount]:
    """The account with its session open."""
    await account.session.open()
    try:
        yield account
    finally:
        await account.session.close()


async def heard(worker: TelegramAccount, number: int) -> list[Arrival]:
    """The next messages to arrive."""
    async with asyncio.timeout(DEADLINE):
        return [await worker.arrivals.get() for _ in range(number)]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kurigram writes unknown_errors.txt where it runs."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    server = Telegram()
    await server.up()
    yield server
    await server.stop()


@pytest.fixture
def account(telegram: Telegram) -> Account:
    return telegram.world.add_account(AccountFields(phone="+79990000001", username="gordovcode_ai"))


@pytest.fixture
def anna(telegram: Telegram) -> Person:
    return telegram.world.people.add(
        PersonFields(name="Анна", username="anna_smirnova", phone="+79161234501")
    )


@pytest.fixture
def session_file(telegram: Telegram, account: Account, tmp_path: Path) -> Path:
    """A session that is signed in."""
    return sessions.ensure(telegram, tmp_path / "worker", account.id)


@pytest.fixture
async def worker(session_file: Path) -> AsyncIterator[TelegramAccount]:
    """The worker's Telegram, connected."""
    async with opened(TelegramAccount(settings_of(session_file.parent), BRIEF)) as account:
        yield account


@pytest.fixture
def annas(telegram: Telegram, account: Account, anna: Person) -> Peer:
    """Anna, as the account may address her."""
    return Peer(anna.id, telegram.world.access_hash(account.id, anna.id))


def said(telegram: Telegram, account: Account, person: Person) -> list[str]:
    """What was written in their chat."""
    return [message.text for message in telegram.world.chat(account.id, person.id).messages]
