"""The worker's own client through proxies: what works, and the one line for what does not."""

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
from tests.worker.telegram.conftest import opened, settings_of
from tests.worker.telegram.proxies import NAME, PASSWORD, http_connect, proxying, socks5
from worker.domain.telegram_port import TelegramUnavailableError
from worker.telegram import proxy
from worker.telegram.adapter import TelegramAccount
from worker.telegram.session import Patience

_numbers = itertools.count(1)
QUICK = Patience(start=5, call=5, silent=60)
KEY = "00112233445566778899aabbccddeeff"


@asynccontextmanager
async def mtproxy(telegram: Telegram) -> AsyncIterator[MtProxy]:
    front = MtProxy(lambda: ("127.0.0.1", telegram.port))
    await front.up()
    try:
        yield front
    finally:
        await front.stop()


async def comes_through(session_file: Path, address: str) -> None:
    worker = TelegramAccount(settings_of(session_file.parent, telegram_proxy=address), QUICK)
    async with opened(worker):
        assert worker.session.connected


async def refusal(session_file: Path, address: str) -> str:
    """What is said of a proxy that is of no use; several may be tried at once."""
    name = f"copy{next(_numbers)}"
    shutil.copy(session_file, session_file.with_name(f"{name}.session"))
    settings = settings_of(session_file.parent, telegram_session_name=name, telegram_proxy=address)
    with pytest.raises(TelegramUnavailableError) as refused:
        await TelegramAccount(settings, QUICK).session.open()
    return str(refused.value)


@pytest.mark.parametrize(("marker", "domain"), [("", ""), ("dd", ""), ("ee", "example.com")])
async def test_mtproxy(telegram: Telegram, session_file: Path, marker: str, domain: str) -> None:
    async with mtproxy(telegram) as front:
        await comes_through(session_file, front.link(marker, domain))
        assert front.carried


async def test_mtproxy_as_people_share_it(telegram: Telegram, session_file: Path) -> None:
    async with mtproxy(telegram) as front:
        shared = front.link("dd").replace("tg://proxy", "https://t.me/proxy").replace("&", "&amp;")
        await comes_through(session_file, shared)
        assert front.carried


@pytest.mark.parametrize(
    ("scheme", "greet"), [("socks5", socks5), ("socks5h", socks5), ("http", http_connect)]
)
async def test_with_a_password(session_file: Path, scheme: str, greet: object) -> None:
    async with proxying(http_connect if scheme == "http" else socks5) as port:
        password = quote(PASSWORD, safe="")
        await comes_through(session_file, f"{scheme}://{NAME}:{password}@127.0.0.1:{port}")


async def test_a_link_to_socks(session_file: Path) -> None:
    async with proxying(socks5) as port:
        password = quote(PASSWORD, safe="")
        link = f"https://t.me/socks?server=127.0.0.1&port={port}&user={NAME}&pass={password}"
        await comes_through(session_file, link)


async def test_what_is_of_no_use_is_said_in_one_line(telegram: Telegram, session_file: Path) -> None:
    async with proxying(socks5) as socks, proxying(http_connect) as http, mtproxy(telegram) as front:
        nobody = unused_port()
        tried = {
            f"socks5://{NAME}:hunter2@127.0.0.1:{socks}": f"127.0.0.1:{socks} refuses: ",
            f"http://{NAME}:hunter2@127.0.0.1:{http}": f"127.0.0.1:{http} refuses: ",
            f"socks5://127.0.0.1:{nobody}": f"127.0.0.1:{nobody} cannot be reached",
            f"tg://proxy?server=127.0.0.1&port={nobody}&secret={KEY}": f"127.0.0.1:{nobody} cannot",
            strange(front, ""): f"nothing comes through 127.0.0.1:{front.port}; is the link's secret right?",
            strange(front, "ee"): f"nothing comes through 127.0.0.1:{front.port}; is the link's secret",
        }
        said = await asyncio.gather(*(refusal(session_file, address) for address in tried))
    for line, expected in zip(said, tried.values(), strict=True):
        assert line.startswith(f"TELEGRAM_PROXY: {expected}")
        assert "\n" not in line
        assert "hunter2" not in line


def strange(front: MtProxy, marker: str) -> str:
    """A link with another proxy's secret."""
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
def test_no_proxy_is_one_line_without_its_secret(address: str) -> None:
    with pytest.raises(ConfigError, match=r"^TELEGRAM_PROXY: ") as refused:
        proxy.parse(address)
    assert "hunter2" not in str(refused.value)
    assert KEY not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_worker_does_not_begin_with_a_bad_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^TELEGRAM_PROXY: is no proxy"):
        TelegramAccount(settings_of(tmp_path, telegram_proxy="proxy.example"))


def test_no_proxy_at_all() -> None:
    assert proxy.parse(None) is None
    assert proxy.parse("") is None
