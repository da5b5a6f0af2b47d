"""Fixtures: a sandbox Telegram server with one account and a person, and the worker's client on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sandbox import sessions
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, AccountFields, Person, PersonFields
from tests.support.waiting import patience
from worker.domain.telegram_port import Arrival, Peer
from worker.settings import TelegramSettings
from worker.telegram.adapter import TelegramAccount
from worker.telegram.session.timeouts import Timeouts

SHORT_TIMEOUTS = Timeouts(start=5, call=5, down=60)


def settings_of(folder: Path, **other: Any) -> TelegramSettings:  # noqa: ANN401
    """Settings of a worker with its session in `folder`."""
    defaults: dict[str, Any] = {
        "telegram_api_id": 1,
        "telegram_api_hash": "hash",
        "telegram_session_dir": folder,
        "telegram_session_name": "worker",
    }
    return TelegramSettings(**defaults | other)


@asynccontextmanager
async def opened(account: TelegramAccount) -> AsyncIterator[TelegramAccount]:
    """Open the session of the account."""
    await account.session.open()
    try:
        yield account
    finally:
        await account.session.close()


async def next_arrivals(worker: TelegramAccount, number: int) -> list[Arrival]:
    """Wait for the next arrivals and return them."""
    async with patience():
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
    """A signed-in session file."""
    return sessions.ensure(telegram, tmp_path / "worker", account.id)


@pytest.fixture
async def worker(session_file: Path) -> AsyncIterator[TelegramAccount]:
    """The worker's Telegram adapter, connected."""
    async with opened(TelegramAccount(settings_of(session_file.parent), SHORT_TIMEOUTS)) as account:
        yield account


@pytest.fixture
def anna_peer(telegram: Telegram, account: Account, anna: Person) -> Peer:
    """Anna as a peer of the account."""
    return Peer(anna.id, telegram.world.access_hash(account.id, anna.id))


def texts_in_chat(telegram: Telegram, account: Account, person: Person) -> list[str]:
    """Return the texts of all messages in their chat."""
    return [message.text for message in telegram.world.chat(account.id, person.id).messages]
