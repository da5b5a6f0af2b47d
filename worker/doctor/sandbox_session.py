"""Tells a session of a local Telegram, such as the demo's: for it, nothing outside is called."""

import sqlite3
from contextlib import closing, suppress
from ipaddress import ip_address

from worker.settings import TelegramSettings

NOT_CALLED = "not called: the session is of the sandbox"


def local_server(settings: TelegramSettings) -> str | None:
    """Return host:port of the session file's server if it is local; None for Telegram itself.

    With TELEGRAM_SERVER the owner says which server is checked, so it returns None.
    """
    path = settings.locked_file
    if path is None or settings.telegram_server or not path.is_file():
        return None
    with (
        suppress(sqlite3.Error, ValueError, TypeError),
        closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as session,
    ):
        host, port = session.execute("SELECT server_address, port FROM sessions").fetchone()
        return f"{host}:{port}" if _is_local(str(host)) else None
    return None


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_private
    except ValueError:
        # A name without a dot is a container's or this machine's.
        return bool(host) and "." not in host
