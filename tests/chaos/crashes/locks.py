"""Locks that make the worker's next transaction wait, and the number of transactions that wait."""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import psycopg
from psycopg import sql

from tests.chaos.crashes.blocks import Table
from tests.support.waiting import patience_seconds

_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query NOT LIKE %s
"""
# The renewal of the account lease, which writes the account's row every few seconds.
_LEASE_RENEWAL = "INSERT INTO telegram_accounts%"


class Lock(Protocol):
    """Held from `take` to `release`."""

    def take(self, table: Table, lead_ids: Sequence[int], /) -> None:
        """Make the transactions of these leads wait; all transactions where only a larger lock exists."""

    def waiting(self) -> int | None:
        """The number of transactions that wait, or None where the database does not show it."""

    def release(self) -> None:
        """Let the transactions continue."""

    def close(self) -> None:
        """Release the lock and close the connections."""


class PostgresLock:
    """Locks rows of `leads` and `telegram_accounts`, and other tables as a whole; foreign keys pass."""

    def __init__(self, url: str) -> None:
        self._holder = psycopg.connect(url)
        self._watcher = psycopg.connect(url, autocommit=True)

    def take(self, table: Table, lead_ids: Sequence[int]) -> None:
        """Take the lock; other transactions hold it only briefly."""
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
        """Count the waiting transactions in pg_stat_activity."""
        row = self._watcher.execute(_WAITING, (_LEASE_RENEWAL,)).fetchone()
        return int(row[0]) if row else 0

    def release(self) -> None:
        """Roll the transaction back."""
        self._holder.rollback()

    def close(self) -> None:
        """Close both connections."""
        self._holder.close()
        self._watcher.close()


class SqliteLock:
    """SQLite's only write lock: every other writing transaction waits to begin."""

    def __init__(self, path: Path) -> None:
        self._holder = sqlite3.connect(path, isolation_level=None, timeout=patience_seconds())

    def take(self, _table: Table, _lead_ids: Sequence[int]) -> None:
        """Begin a writing transaction, and write nothing."""
        self._holder.execute("BEGIN IMMEDIATE")

    def waiting(self) -> None:
        """SQLite does not show who waits."""

    def release(self) -> None:
        """Roll the transaction back."""
        with contextlib.suppress(sqlite3.OperationalError):
            self._holder.execute("ROLLBACK")

    def close(self) -> None:
        """Close the connection."""
        self._holder.close()


def lock_of(database_url: str) -> Lock:
    """Create a lock for a database, not yet taken."""
    if database_url.startswith("sqlite"):
        return SqliteLock(Path(database_url.removeprefix("sqlite:///")))
    return PostgresLock(database_url)
