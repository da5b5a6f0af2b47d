"""Session files that are already signed in: Kurigram's client connects with nothing else."""

import contextlib
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from pyrogram.storage.sqlite_storage import SCHEMA, SQLiteStorage

from sandbox.fake_telegram.mtproto.auth_keys import AuthKey
from sandbox.fake_telegram.rpc.account import DC
from sandbox.fake_telegram.server import Telegram

# Kurigram wants an api_id in the file; this server takes any.
API_ID = 1
SUFFIX = ".session"


@dataclass(frozen=True)
class Address:
    """Where the client that uses the file will find the server."""

    host: str
    port: int


def parse_address(text: str) -> Address:
    """From host:port; ValueError when it is something else."""
    host, separator, port = text.rpartition(":")
    if not separator or not host or not port.isdigit():
        raise ValueError(f"{text!r} is not host:port")
    return Address(host.strip("[]"), int(port))


def session_path(path: Path) -> Path:
    """The file itself: Kurigram names sessions without their suffix."""
    return path if path.name.endswith(SUFFIX) else path.with_name(path.name + SUFFIX)


def ensure(telegram: Telegram, path: Path, account_id: int, address: Address | None = None) -> Path:
    """Write the account's session file, or keep the one there if this server knows its key.

    A kept file only gets the address, so that what the client had stored in it stays.
    """
    target = session_path(path)
    where = address or Address(telegram.reachable_host, telegram.port)
    if _is_valid(telegram, target, account_id):
        _readdress(target, where)
        return target
    write(telegram.keys.issue(account_id), target, account_id, where)
    return target


def write(auth: AuthKey, path: Path, account_id: int, address: Address) -> None:
    """A new session file, mode 0600, in place of whatever was there."""
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
    return auth is not None and auth.dead is None


def _readdress(path: Path, address: Address) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        row = database.execute("SELECT server_address, port FROM sessions").fetchone()
        # An update would wait for the lock of a client that has the file open, even with nothing to do.
        if row != (address.host, address.port):
            database.execute("UPDATE sessions SET server_address = ?, port = ?", (address.host, address.port))
