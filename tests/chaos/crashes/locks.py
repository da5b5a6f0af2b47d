"""Locks that make the worker's next transaction wait, and a look at who waits."""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from tests.chaos.crashes.blocks import Table

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query NOT LIKE %s
"""
# Renews the worker's hold on its account now and then, by way of the account's row.
_TENURE = "INSERT INTO telegram_accounts%"


class Lock(Protocol):
    """Held from `take` to `release`."""

    def take(self, table: Table, lead_ids: Sequence[int], /) -> None:
        """Make the transactions of these leads wait, or of all where the table or the database says so."""

    def waiting(self) -> int | None:
        """How many transactions wait; None where the database cannot tell."""

    def release(self) -> None:
        """Let them go on."""

    def close(self) -> None:
        """Release, and leave nothing open."""


class PostgresLock:
    """Of a row where one will do, else of a table. Foreign keys' own locks pass by it."""

    def __init__(self, url: str) -> None:
        self._holder = psycopg.connect(url)
        self._watcher = psycopg.connect(url, autocommit=True)

    def take(self, table: Table, lead_ids: Sequence[int]) -> None:
        """Take it at once: nobody else has it for long."""
        if table == "leads":
            self._holder.execute(
                "SELECT id FROM leads WHERE id = ANY(%s) FOR NO KEY UPDATE", (list(lead_ids),)
            )
        elif table == "telegram_accounts":
            self._holder.execute("SELECT id FROM telegram_accounts FOR NO KEY UPDATE")
        else:
            self._holder.execute(
                sql.SQL("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE").format(sql.Identifier(table))
            )

    def waiting(self) -> int:
        """By the server's own list."""
        row = self._watcher.execute(_WAITING, (_TENURE,)).fetchone()
        return int(row[0]) if row else 0

    def release(self) -> None:
        """End the transaction."""
        self._holder.rollback()

    def close(self) -> None:
        """Close both connections."""
        self._holder.close()
        self._watcher.close()


class SqliteLock:
    """The one lock of the writer: every other transaction that writes waits to begin."""

    def __init__(self, path: Path) -> None:
        self._holder = sqlite3.connect(path, isolation_level=None, timeout=5)

    def take(self, _table: Table, _lead_ids: Sequence[int]) -> None:
        """Begin to write, and write nothing."""
        self._holder.execute("BEGIN IMMEDIATE")

    def waiting(self) -> None:
        """SQLite keeps no list."""

    def release(self) -> None:
        """End the transaction."""
        with contextlib.suppress(sqlite3.OperationalError):
            self._holder.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._holder.close()


def lock_of(database_url: str) -> Lock:
    """An unlocked lock on a database."""
    if database_url.startswith("sqlite"):
        return SqliteLock(Path(database_url.removeprefix("sqlite:///")))
    return PostgresLock(database_url)
