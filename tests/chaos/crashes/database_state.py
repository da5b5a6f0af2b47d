"""What the database holds at this moment, read past all locks."""

import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, create_engine, text

from shared.database.urls import async_url

CHASE_SECONDS = 10


class Ledger:
    """Reads only."""

    def __init__(self, database_url: str) -> None:
        driver = "sqlite" if database_url.startswith("sqlite") else "postgresql+psycopg"
        self._engine = create_engine(
            async_url(database_url).set(drivername=driver), isolation_level="AUTOCOMMIT"
        )

    def close(self) -> None:
        """Leave nothing open."""
        self._engine.dispose()

    def rows(self, query: str, lead_id: int) -> Sequence[Row[Any]]:
        """The rows of a query by `:lead`."""
        with self._engine.connect() as connection:
            return connection.execute(text(query), {"lead": lead_id}).all()

    def chase(self, query: str, lead_id: int) -> None:
        """Return the moment that a query by `:lead` has a row: a few milliseconds count."""
        deadline = time.monotonic() + CHASE_SECONDS
        with self._engine.connect() as connection:
            while connection.execute(text(query), {"lead": lead_id}).first() is None:
                assert time.monotonic() < deadline, query

    def lead(self, lead_id: int) -> Row[Any]:
        """A lead's row."""
        return self.rows("SELECT * FROM leads WHERE id = :lead", lead_id)[0]

    def out(self, lead_id: int) -> Sequence[Row[Any]]:
        """What is said and to be said, oldest first."""
        return self.rows(
            "SELECT id, kind, state, text, random_id, telegram_message_id FROM messages"
            " WHERE lead_id = :lead AND direction = 'out' ORDER BY id",
            lead_id,
        )

    def heard(self, lead_id: int) -> list[tuple[str, str]]:
        """What the person wrote, and the state of each."""
        rows = self.rows(
            "SELECT text, state FROM messages WHERE lead_id = :lead AND direction = 'in' ORDER BY id", lead_id
        )
        return [(row.text, row.state) for row in rows]

    def statuses(self, lead_id: int) -> list[str]:
        """The way it has come."""
        rows = self.rows("SELECT to_status FROM lead_events WHERE lead_id = :lead ORDER BY id", lead_id)
        return [row.to_status for row in rows]
