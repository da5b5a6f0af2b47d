"""Kurigram's client as the worker needs it: its server, proxy and session file, and nothing left open."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pyrogram

from worker.domain.telegram_port import SessionRevokedError, TelegramUnavailableError
from worker.settings import TelegramSettings
from worker.telegram import proxy, server_key, session_string
from worker.telegram.connection import Told, connection_type
from worker.telegram.errors import SIGN_IN

log = logging.getLogger(__name__)


def nothing() -> None:
    """For who does not want to be told."""


def build_client(
    settings: TelegramSettings,
    on_unknown_key: Told,
    on_failure: Told = nothing,
    *,
    in_memory: bool = False,
    no_updates: bool = False,
) -> pyrogram.Client:
    """A client of the configured session, server and proxy, not yet connected.

    `in_memory`: a session that is nobody's yet and is written nowhere.
    Raises ConfigError for an unusable TELEGRAM_PROXY or TELEGRAM_SERVER_KEY.
    """
    if settings.telegram_server_key:
        server_key.trust(settings.telegram_server_key)
    string = settings.telegram_session_string
    return pyrogram.Client(
        settings.telegram_session_name,
        api_id=settings.telegram_api_id,
        api_hash=settings.telegram_api_hash.get_secret_value(),
        workdir=settings.telegram_session_dir,
        session_string=string.get_secret_value().strip() if string and not in_memory else None,
        in_memory=in_memory,
        proxy=proxy.parse(settings.telegram_proxy),
        app_version="AI Lead Assistant",
        skip_updates=False,
        no_updates=no_updates,
        # One handler at a time keeps messages in order; every wait is ours to make.
        workers=1,
        sleep_threshold=0,
        # Ten KiB each, kept to be shown beside replies to them, which are not asked for.
        max_message_cache_size=10,
        fetch_replies=False,
        fetch_topics=False,
        fetch_stories=False,
        fetch_stickers=False,
        connection_factory=connection_type(settings.telegram_server, on_unknown_key, on_failure),
    )


def signed_in_user(settings: TelegramSettings) -> int:
    """Whose session it is, by TELEGRAM_SESSION_STRING or else by its file: the user's id.

    Raises ConfigError, SessionEndedError, or TelegramUnavailableError while another process holds the file.
    """
    if settings.telegram_session_string:
        return session_string.user_of(settings.telegram_session_string.get_secret_value())
    return check_session_file(settings.session_file)


def check_session_file(path: Path) -> int:
    """Kurigram would begin a new session, with Telegram's own server, in a file that is not signed in.

    Gives the signed-in user's id.
    Raises SessionEndedError, or TelegramUnavailableError while another process holds the file.
    """
    if not path.is_file():
        raise SessionRevokedError(f"{path} is not there; {SIGN_IN}")
    try:
        with closing(sqlite3.connect(path, timeout=1)) as database:
            row = database.execute("SELECT auth_key, user_id FROM sessions").fetchone()
    except sqlite3.DatabaseError as error:
        if "locked" in str(error):
            raise TelegramUnavailableError(f"{path} is in use by another process") from None
        raise SessionRevokedError(f"{path} is damaged; {SIGN_IN}") from None
    if row is None or None in row:
        raise SessionRevokedError(f"{path} is not signed in; {SIGN_IN}")
    return int(row[1])


def unreachable(client: pyrogram.Client) -> str | None:
    """Why a client has no connection, in words that name the setting; None if nothing is known."""
    return client.connection_factory.trouble or proxy.silence(client.proxy)


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
