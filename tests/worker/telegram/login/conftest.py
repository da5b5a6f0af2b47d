"""Starts logins at a real terminal, against the sandbox's Telegram."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account
from tests.support.terminal import Terminal, open_terminal
from tests.support.worker_command import environment

Start = Callable[..., Awaitable[Terminal]]


@pytest.fixture
def settings(telegram: Telegram) -> dict[str, str]:
    return {
        "TELEGRAM_API_ID": "1",
        "TELEGRAM_API_HASH": "hash",
        "TELEGRAM_SESSION_NAME": "worker",
        "TELEGRAM_SERVER": telegram.address,
        "TELEGRAM_SERVER_KEY": telegram.key.spki_pem,
    }


@pytest.fixture
async def start(settings: dict[str, str], account: Account, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts a login at a terminal."""
    terminals: list[Terminal] = []

    async def start(*options: str) -> Terminal:
        here = environment(tmp_path / "sessions", settings)
        terminals.append(open_terminal("worker", tmp_path, here, "login", *options))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()
