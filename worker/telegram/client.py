"""Kurigram's client as the worker needs it: its server, proxy and session file, and nothing left open."""

import asyncio
import logging
import sqlite3
import weakref
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path
from typing import Any, ClassVar

import pyrogram
from pyrogram.connection import Connection
from pyrogram.connection.proxy import normalize_proxy

from shared.errors import ConfigError
from worker.ports import SessionEndedError, TelegramUnavailableError
from worker.settings import TelegramSettings
from worker.telegram import server_key
from worker.telegram.errors import SIGN_IN

log = logging.getLogger(__name__)

# "No such auth key": core.telegram.org/mtproto/mtproto-transports, transport errors.
_UNKNOWN_KEY = (-404).to_bytes(4, "little", signed=True)


class _Connection(Connection):
    """Notes when the server says that it does not know our key, which Kurigram takes for silence."""

    opened: ClassVar[weakref.WeakSet[Connection]]

    async def recv(self) -> bytes | None:
        packet: bytes | None = await super().recv()
        if packet == _UNKNOWN_KEY:
            self.key_is_unknown()
            # A closed link ends Kurigram's reader quietly; the packet would end it with a stray exception.
            return None
        return packet

    def key_is_unknown(self) -> None:
        """Overridden for each client."""


def build_client(settings: TelegramSettings, on_unknown_key: Callable[[], None]) -> pyrogram.Client:
    """A client of the configured session, server and proxy, not yet connected.

    Raises ConfigError for an unusable TELEGRAM_PROXY or TELEGRAM_SERVER_KEY.
    """
    try:
        proxy = normalize_proxy(settings.telegram_proxy)
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"TELEGRAM_PROXY: {error} (socks5://…, http://…, or a tg://proxy link)") from None
    if settings.telegram_server_key:
        server_key.trust(settings.telegram_server_key)
    return pyrogram.Client(
        settings.telegram_session_name,
        api_id=settings.telegram_api_id,
        api_hash=settings.telegram_api_hash.get_secret_value(),
        workdir=settings.telegram_session_dir,
        proxy=proxy,
        app_version="AI Lead Assistant",
        skip_updates=False,
        # One handler at a time keeps messages in order; every wait is ours to make.
        workers=1,
        sleep_threshold=0,
        fetch_replies=False,
        fetch_topics=False,
        fetch_stories=False,
        fetch_stickers=False,
        connection_factory=_connection_type(settings.telegram_server, on_unknown_key),
    )


def _connection_type(server: str | None, on_unknown_key: Callable[[], None]) -> type[_Connection]:
    host, _, port = (server or "").rpartition(":")

    class Redirected(_Connection):
        opened: ClassVar[weakref.WeakSet[Connection]] = weakref.WeakSet()

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.opened.add(self)
            if host:
                self.server_address, self.port, self.ipv6 = host, int(port), ":" in host

        def key_is_unknown(self) -> None:
            on_unknown_key()

    return Redirected


def check_session_file(path: Path) -> int:
    """Kurigram would begin a new session, with Telegram's own server, in a file that is not signed in.

    Gives the signed-in user's id.
    Raises SessionEndedError, or TelegramUnavailableError while another process holds the file.
    """
    if not path.is_file():
        raise SessionEndedError(f"{path} is not there; {SIGN_IN}")
    try:
        with closing(sqlite3.connect(path, timeout=1)) as database:
            row = database.execute("SELECT auth_key, user_id FROM sessions").fetchone()
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise TelegramUnavailableError(f"{path} is in use by another process") from None
        raise SessionEndedError(f"{path} is damaged; {SIGN_IN}") from None
    if row is None or None in row:
        raise SessionEndedError(f"{path} is not signed in; {SIGN_IN}")
    return int(row[1])


async def abandon(client: pyrogram.Client) -> None:
    """Stop whatever of a client is running; what fails on the way out changes nothing any more."""
    for stop, seconds in ((client.terminate, 3), (client.disconnect, 5)):
        await _within(seconds, stop)
    # A start that was cut short leaves a connection that the client does not know of.
    for connection in list(client.connection_factory.opened):
        await _within(1, connection.close)


async def _within(seconds: float, stop: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop()
    except Exception as error:  # noqa: BLE001
        log.debug("while disconnecting: %r", error)
