"""Writes session files that are already signed in; Kurigram's client needs nothing else to connect."""

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from pyrogram.storage.sqlite_storage import SCHEMA, SQLiteStorage

from sandbox.fake_telegram.mtproto.auth_keys import AuthKey
from sandbox.fake_telegram.rpc.account import DC
from sandbox.fake_telegram.server import Telegram

# Kurigram requires an api_id in the file; this server accepts any.
API_ID = 1
SUFFIX = ".session"


@dataclass(frozen=True)
class Address:
    """The server address that a session file contains."""

    host: str
    port: int


def parse_address(text: str) -> Address:
    """Parse host:port; raises ValueError for any other text."""
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isdigit():
        raise ValueError(f"{text!r} is not host:port")
    return Address(host.strip("[]"), int(port))


def session_path(path: Path) -> Path:
    """Return the path with its suffix: Kurigram names sessions without it."""
    return path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)


def ensure(telegram: Telegram, path: Path, account_id: int, address: Address | None = None) -> Path:
    """Write the account's session file, or keep an existing one if this server knows its key.

    In a kept file only the address changes, so that the client's other data is not lost.
    """
    target = session_path(path)
    address = address or Address(telegram.reachable_host, telegram.port)
    if _is_valid(telegram, target, account_id):
        _set_address(target, address)
        return target
    write(telegram.keys.issue(account_id), target, account_id, address)
    return target


def write(auth: AuthKey, path: Path, account_id: int, address: Address) -> None:
    """Write a new session file with mode 0600; it replaces an existing file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    row = (DC, address.host, address.port, API_ID, 0, auth.key, 0, account_id, 0)
    with contextlib.closing(sqlite3.connect(draft)) as database, database:
        database.executescript(SCHEMA)
        database.execute("INSERT INTO version VALUES (?)", (SQLiteStorage.VERSION,))
        database.execute("INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    draft.replace(path)


def _is_valid(telegram: Telegram, path: Path, account_id: int) -> bool:
    if not path.exists():
        return False
    with contextlib.closing(sqlite3.connect(path)) as database:
        try:
            row = database.execute("SELECT auth_key, user_id FROM sessions").fetchone()
        except sqlite3.DatabaseError:
            return False
    if row is None or row[0] is None or row[1] != account_id:
        return False
    auth = next((auth for auth in telegram.keys.of(account_id) if auth.key == row[0]), None)
    return auth is not None and auth.revoked_by is None


def _set_address(path: Path, address: Address) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        row = database.execute("SELECT server_address, port FROM sessions").fetchone()
        # Even an UPDATE without a change would wait for the lock of a client that has the file open.
        if row != (address.host, address.port):
            database.execute("UPDATE sessions SET server_address = ?, port = ?", (address.host, address.port))
