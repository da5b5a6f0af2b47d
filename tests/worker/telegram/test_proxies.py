"""The worker's client through proxies: those that work, and the one-line errors of those that do not."""

import asyncio
import itertools
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from sandbox.fake_telegram.mtproto.mtproxy import MtProxy
from sandbox.fake_telegram.server import Telegram
from shared.errors import ConfigError
from tests.worker.telegram.conftest import SHORT_TIMEOUTS, opened, settings_of
from tests.worker.telegram.proxies import NAME, PASSWORD, http_connect, running_proxy, socks5
from worker.domain.telegram_port import TelegramUnavailableError
from worker.telegram.adapter import TelegramAccount
from worker.telegram.transport import proxy

_numbers = itertools.count(1)
KEY = "00112233445566778899aabbccddeeff"


@asynccontextmanager
async def mtproxy(telegram: Telegram) -> AsyncIterator[MtProxy]:
    front = MtProxy(lambda: ("127.0.0.1", telegram.port))
    await front.up()
    try:
        yield front
    finally:
        await front.stop()


async def connect_through(session_file: Path, address: str) -> None:
    worker = TelegramAccount(settings_of(session_file.parent, telegram_proxy=address), SHORT_TIMEOUTS)
    async with opened(worker):
        assert worker.session.connected


async def error_of(session_file: Path, address: str) -> str:
    """Return the error of an unusable proxy; several may be tried at once."""
    name = f"copy{next(_numbers)}"
    shutil.copy(session_file, session_file.with_name(f"{name}.session"))
    settings = settings_of(session_file.parent, telegram_session_name=name, telegram_proxy=address)
    with pytest.raises(TelegramUnavailableError) as refused:
        await TelegramAccount(settings, SHORT_TIMEOUTS).session.open()
    return str(refused.value)


@pytest.mark.parametrize(("marker", "domain"), [("", ""), ("dd", ""), ("ee", "example.com")])
async def test_mtproxy(telegram: Telegram, session_file: Path, marker: str, domain: str) -> None:
    async with mtproxy(telegram) as front:
        await connect_through(session_file, front.link(marker, domain))
        assert front.carried


async def test_mtproxy_by_a_shared_link(telegram: Telegram, session_file: Path) -> None:
    async with mtproxy(telegram) as front:
        shared = front.link("dd").replace("tg://proxy", "https://t.me/proxy").replace("&", "&amp;")
        await connect_through(session_file, shared)
        assert front.carried


@pytest.mark.parametrize(
    ("scheme", "handshake"), [("socks5", socks5), ("socks5h", socks5), ("http", http_connect)]
)
async def test_a_proxy_with_a_password(session_file: Path, scheme: str, handshake: object) -> None:
    async with running_proxy(http_connect if scheme == "http" else socks5) as port:
        password = quote(PASSWORD, safe="")
        await connect_through(session_file, f"{scheme}://{NAME}:{password}@127.0.0.1:{port}")


async def test_a_link_to_a_socks_proxy(session_file: Path) -> None:
    async with running_proxy(socks5) as port:
        password = quote(PASSWORD, safe="")
        link = f"https://t.me/socks?server=127.0.0.1&port={port}&user={NAME}&pass={password}"
        await connect_through(session_file, link)


async def test_an_unusable_proxy_is_described_in_one_line(telegram: Telegram, session_file: Path) -> None:
    async with (
        running_proxy(socks5) as socks,
        running_proxy(http_connect) as http,
        mtproxy(telegram) as front,
    ):
        unused = unused_port()
        tried = {
            f"socks5://{NAME}:hunter2@127.0.0.1:{socks}": f"127.0.0.1:{socks} refuses: ",
            f"http://{NAME}:hunter2@127.0.0.1:{http}": f"127.0.0.1:{http} refuses: ",
            f"socks5://127.0.0.1:{unused}": f"127.0.0.1:{unused} cannot be reached",
            f"tg://proxy?server=127.0.0.1&port={unused}&secret={KEY}": f"127.0.0.1:{unused} cannot",
            wrong_secret_link(
                front, ""
            ): f"nothing comes through 127.0.0.1:{front.port}; is the link's secret right?",
            wrong_secret_link(
                front, "ee"
            ): f"nothing comes through 127.0.0.1:{front.port}; is the link's secret",
        }
        errors = await asyncio.gather(*(error_of(session_file, address) for address in tried))
    for line, expected in zip(errors, tried.values(), strict=True):
        assert line.startswith(f"TELEGRAM_PROXY: {expected}")
        assert "\n" not in line
        assert "hunter2" not in line


def wrong_secret_link(front: MtProxy, marker: str) -> str:
    """Return a link with the secret of another proxy."""
    return front.link(marker, "a.example" if marker else "").replace(front.secret.hex(), KEY)


def unused_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@pytest.mark.parametrize(
    "address",
    [
        "hunter2",
        "ftp://ann:hunter2@host:1",
        "socks5://ann:hunter2@host",
        "socks5://ann:hunter2@host:99999",
        "http://ann:hunter2@:80",
        "tg://proxy?server=host&secret=hunter2",
        "tg://proxy?server=host&port=443&secret=hunter2!",
        "tg://proxy?server=host&port=443&secret=ee" + KEY,
        "tg://proxy?server=host&port=0&secret=" + KEY,
        "https://t.me/proxy?server=host&port=x&secret=" + KEY,
        "https://example.com/hunter2",
    ],
)
def test_a_malformed_proxy_is_one_line_without_its_secret(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^TELEGRAM_PROXY: ") as refused:
        proxy.parse(address)
    assert "hunter2" not in str(refused.value)
    assert KEY not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_worker_does_not_start_with_a_malformed_proxy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^TELEGRAM_PROXY: is no proxy"):
        TelegramAccount(settings_of(tmp_path, telegram_proxy="proxy.example"))


def test_an_empty_setting_means_no_proxy() -> None:
    assert proxy.parse(None) is None
    assert proxy.parse("") is None
