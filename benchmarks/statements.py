"""What reached PostgreSQL, as pg_stat_statements counts it."""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg

# Every statement of the onlooker's has this word in it, and is not counted.
MARK = "/* bench */"
_COUNTED = f"""
SELECT sum(calls), coalesce(sum(calls) FILTER (WHERE query IN ('BEGIN', 'COMMIT', 'ROLLBACK')), 0)
FROM pg_stat_statements
WHERE query NOT LIKE '%{MARK}%' AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


@dataclass(frozen=True)
class Statements:
    """How many round trips there were, and how many of them began or ended a transaction."""

    round_trips: int
    of_transactions: int

    @property
    def others(self) -> int:
        """Statements that read or write."""
        return self.round_trips - self.of_transactions


class Onlooker:
    """A connection beside the product's, whose own statements are not counted."""

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
        """What a query gives that gives one number; 0 for none."""
        row = self._connection.execute(f"{MARK} {query}").fetchone()
        return float(row[0] or 0) if row else 0.0

    def run(self, statement: str) -> None:
        """Run a statement."""
        self._connection.execute(f"{MARK} {statement}")

    def start_counting(self) -> None:
        """Forget what was counted so far."""
        if self._counts:
            self.run("SELECT pg_stat_statements_reset()")

    def counted(self) -> Statements | None:
        """What has come since then; None where nothing counts."""
        if not self._counts:
            return None
        row = self._connection.execute(f"{MARK} {_COUNTED}").fetchone()
        return Statements(int(row[0] or 0), int(row[1])) if row else None
