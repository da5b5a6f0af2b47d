"""Builds and shuts down Kurigram's client: its server, proxy and session file."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pyrogram

from shared.errors import ConfigError
from shared.localized_messages import joined
from worker.domain.telegram_port import SessionRevokedError, TelegramUnavailableError
from worker.settings import TelegramSettings
from worker.telegram.errors.texts import SIGN_IN
from worker.telegram.session import session_string
from worker.telegram.transport import proxy, server_key
from worker.telegram.transport.connection import Callback, connection_type
from worker.telegram.transport.server_clock import ServerClock
from worker.telegram.transport.worker_client import RECONNECT_BASE_SECONDS, Feed, WorkerClient

log = logging.getLogger(__name__)

FORBIDDEN = "may not be read and written by this user: correct its owner or its mode (chmod u+rw)"
_DISK_CODES = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM})
_RIGHTS_CODES = frozenset(
    {sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_AUTH}
)


class SessionFileError(TelegramUnavailableError):
    """The session file cannot be used now, for example because its disk is full; Telegram was not called."""


def ignore() -> None:
    """A callback that does nothing."""


def build_client(  # noqa: PLR0913 - the parts of one client
    settings: TelegramSettings,
    on_unknown_key: Callback,
    on_failure: Callback = ignore,
    *,
    in_memory: bool = False,
    no_updates: bool = False,
    clock: ServerClock | None = None,
    feed: Feed | None = None,
    reconnect_base: float = RECONNECT_BASE_SECONDS,
) -> WorkerClient:
    """Build a client of the configured session, server and proxy; it is not connected yet.

    `in_memory`: use a new session that is not signed in, and never write it to a file.
    `clock`: Telegram's time, if it is known from an earlier connection. `feed`: takes the updates.
    Raises ConfigError for an unusable TELEGRAM_PROXY or TELEGRAM_SERVER_KEY.
    """
    if settings.telegram_server_key:
        server_key.trust(settings.telegram_server_key)
    string = settings.telegram_session_string
    return WorkerClient(
        settings.telegram_session_name,
        clock=clock or ServerClock(),
        feed=feed,
        reconnect_base=reconnect_base,
        api_id=settings.telegram_api_id,
        api_hash=settings.telegram_api_hash.get_secret_value(),
        workdir=settings.telegram_session_dir,
        session_string=string.get_secret_value().strip() if string and not in_memory else None,
        in_memory=in_memory,
        proxy=proxy.parse(settings.telegram_proxy),
        app_version="AI Lead Assistant",
        no_updates=no_updates,
        workers=1,
        # With a threshold of 0 every flood wait is raised.
        sleep_threshold=0,
        # A cached message takes ten KiB. The cache serves replies, which are not fetched here.
        max_message_cache_size=10,
        fetch_replies=False,
        fetch_topics=False,
        fetch_stories=False,
        fetch_stickers=False,
        connection_factory=connection_type(settings.telegram_server, on_unknown_key, on_failure),
    )


def read_signed_in_user(settings: TelegramSettings) -> int:
    """Return the id of the signed-in user, from TELEGRAM_SESSION_STRING or else from the session file.

    Raises ConfigError, SessionRevokedError, or TelegramUnavailableError while another process holds the file.
    """
    if settings.telegram_session_string:
        return session_string.parse_user_id(settings.telegram_session_string.get_secret_value())
    return check_session_file(settings.session_file)


def check_session_file(path: Path) -> int:
    """Check that a session file is signed in; returns the user's id.

    In a file that is not signed in, Kurigram would begin a new session with Telegram's own server.
    Raises SessionRevokedError; ConfigError if the file may not be read or written; TelegramUnavailableError
    while another process holds the file, or while its disk is full or fails.
    """
    if not path.is_file():
        raise SessionRevokedError(f"{path} is not there; {SIGN_IN}")
    try:
        with path.open("r+b"):
            pass
    except PermissionError:
        raise ConfigError(joined(" ", [f"TELEGRAM_SESSION_DIR: {path}", FORBIDDEN])) from None
    except OSError as error:
        raise SessionFileError(f"{path}: {error.strerror}") from None
    try:
        with closing(sqlite3.connect(path, timeout=1)) as database:
            row = database.execute("SELECT auth_key, user_id FROM sessions").fetchone()
    except sqlite3.DatabaseError as error:
        raise _explain(error, path) from None
    if row is None or None in row:
        raise SessionRevokedError(f"{path} is not signed in; {SIGN_IN}")
    return int(row[1])


def _explain(error: sqlite3.DatabaseError, path: Path) -> Exception:
    """Return why a session file cannot be read: only a damaged one needs a new login."""
    # The lowest byte is the primary code: https://sqlite.org/rescode.html
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return SessionFileError(f"{path} is in use by another process")
    if code == sqlite3.SQLITE_FULL:
        return SessionFileError(f"{path}: no space is left on its disk")
    if code in _DISK_CODES:
        return SessionFileError(f"{path}: its disk cannot be read or written ({error})")
    if code in _RIGHTS_CODES:
        return ConfigError(joined(" ", [f"TELEGRAM_SESSION_DIR: {path}", FORBIDDEN]))
    return SessionRevokedError(f"{path} is damaged; {SIGN_IN}")


def connection_problem(client: pyrogram.Client) -> str | None:
    """Return why a client has no connection, in a text that names the setting; None if it is unknown."""
    return client.connection_factory.trouble or proxy.describe_silence(client.proxy)


async def shut_down(client: pyrogram.Client) -> None:
    """Stop everything of a client that is running; errors are only logged."""
    await _try_within(5, client.disconnect)
    # A start that was interrupted leaves a connection that the client does not know of.
    for connection in list(client.connection_factory.opened):
        await _try_within(1, connection.close)


async def _try_within(seconds: float, stop: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop()
    except Exception as error:  # noqa: BLE001
        log.debug("while disconnecting: %r", error)
