"""Counts the statements that reach PostgreSQL, with pg_stat_statements."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg

# Marks this connection's own statements, which are not counted.
MARK = "/* bench */"
_COUNTED = f"""
SELECT sum(calls), coalesce(sum(calls) FILTER (WHERE query IN ('BEGIN', 'COMMIT', 'ROLLBACK')), 0)
FROM pg_stat_statements
WHERE query NOT LIKE '%{MARK}%' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class Statements:
    """The number of round trips, and how many of them began or ended a transaction."""

    round_trips: int
    of_transactions: int

    @property
    def others(self) -> int:
        """Statements that read or write."""
        return self.round_trips - self.of_transactions


class StatementCounter:
    """A separate connection; its own statements are not counted."""

    def __init__(self, url: str, *, counts: bool) -> None:
        self._connection = psycopg.connect(url, autocommit=True)
        self._counts = counts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def number(self, query: str) -> float:
        """Run a query that returns one number; 0 if it returns none."""
        row = self._connection.execute(f"{MARK} {query}").fetchone()
        return float(row[0] or 0) if row else 0.0

    def run(self, statement: str) -> None:
        """Run a statement."""
        self._connection.execute(f"{MARK} {statement}")

    def start_counting(self) -> None:
        """Reset the counts."""
        if self._counts:
            self.run("SELECT pg_stat_statements_reset()")

    def counted(self) -> Statements | None:
        """Return the statements since `start_counting`; None without pg_stat_statements."""
        if not self._counts:
            return None
        row = self._connection.execute(f"{MARK} {_COUNTED}").fetchone()
        return Statements(int(row[0] or 0), int(row[1])) if row else None
