"""Faults of a SQLite database under a running product."""

import contextlib
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from shared.database.faults import error_tables as tables
from tests.chaos.environment.disks import filled, require_disk
from tests.chaos.environment.installation import Fault, Installation

_DELIVERIES = "webhook_deliveries"
_LONG_TEXT = {"Message": secrets.token_hex(100_000)}
_LOCKED = (tables.NO_ANSWER, tables.LOCKED, tables.ALL_IN_USE)


def _file(installation: Installation) -> Path:
    return Path(installation.owner_url.removeprefix("sqlite:///"))


@contextmanager
def _connected(installation: Installation) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(_file(installation), timeout=30)) as connection:
        connection.isolation_level = None
        yield connection


@contextmanager
def _locked(installation: Installation) -> Iterator[None]:
    with _connected(installation) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def _locked_exclusively(installation: Installation) -> Iterator[None]:
    """As a backup program locks it: without WAL readers have to wait, too."""
    with _connected(installation) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


@contextmanager
def _table_missing(installation: Installation) -> Iterator[None]:
    with _connected(installation) as connection:
        connection.execute(f"ALTER TABLE {_DELIVERIES} RENAME TO elsewhere")
        try:
            yield
        finally:
            connection.execute(f"ALTER TABLE elsewhere RENAME TO {_DELIVERIES}")


@contextmanager
def _pages_damaged(installation: Installation) -> Iterator[None]:
    """Overwrite the first pages of the table of deliveries and of its indexes in the file."""
    file = _file(installation)
    with _connected(installation) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        pages = [
            page
            for (page,) in connection.execute(
                "SELECT rootpage FROM sqlite_master WHERE tbl_name = ? AND rootpage > 0", (_DELIVERIES,)
            )
        ]
        # Nobody writes between the checkpoint and the damage: what is in the log would hide it.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.execute("BEGIN IMMEDIATE")
        with file.open("r+b") as opened:
            good = {page: _read(opened, (page - 1) * size, size) for page in pages}
            for page in pages:
                opened.seek((page - 1) * size)
                opened.write(b"\x5a" * size)
        # A change elsewhere ends what other connections have cached.
        connection.execute("CREATE TABLE a_fault (id INTEGER)")
        connection.execute("COMMIT")
        try:
            yield
        finally:
            with file.open("r+b") as opened:
                for page, content in good.items():
                    opened.seek((page - 1) * size)
                    opened.write(content)
    with _connected(installation) as connection:
        connection.execute("DROP TABLE a_fault")


def _read(opened: BinaryIO, at: int, size: int) -> bytes:
    opened.seek(at)
    return opened.read(size)


@contextmanager
def _disk_full(installation: Installation) -> Iterator[None]:
    """The database's folder is a disk of its own (see conftest)."""
    require_disk(_file(installation).parent)
    with filled(_file(installation).parent):
        yield


FAULTS = (
    Fault("a table is missing", _table_missing, [tables.UNMIGRATED]),
    Fault("damaged pages", _pages_damaged, [tables.DAMAGED]),
    Fault("the disk is really full", _disk_full, [tables.DISK_FULL], is_slow=True, fields=_LONG_TEXT),
    Fault("locked by another program", _locked, _LOCKED, is_slow=True),
    Fault("locked exclusively by another program", _locked_exclusively, _LOCKED, is_slow=True),
)
