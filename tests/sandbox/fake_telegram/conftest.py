"""Fixtures: a fake Telegram with one account, a person and a connected client."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, AccountFields, Person, PersonFields
from tests.sandbox.fake_telegram.clients import Listener, session_client


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    server = Telegram()
    await server.up()
    yield server
    await server.stop()


@pytest.fixture
def account(telegram: Telegram) -> Account:
    return telegram.world.add_account(AccountFields(phone="+79990000001"))


@pytest.fixture
def anna(telegram: Telegram) -> Person:
    return telegram.world.people.add(
        PersonFields(name="Анна", username="anna_smirnova", phone="+79161234501")
    )


@pytest.fixture
async def worker(telegram: Telegram, account: Account, tmp_path: Path) -> AsyncIterator[Listener]:
    async with session_client(telegram, tmp_path) as listener:
        yield listener
