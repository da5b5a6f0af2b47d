"""Reads the current state of the database, without waiting for locks."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, create_engine, text

from shared.database.urls import async_url
from tests.support.waiting import until


class DatabaseReader:
    """Runs queries in autocommit mode and changes nothing."""

    def __init__(self, database_url: str) -> None:
        driver = "sqlite" if database_url.startswith("sqlite") else "postgresql+psycopg"
        self._engine = create_engine(
            async_url(database_url).set(drivername=driver), isolation_level="AUTOCOMMIT"
        )

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def rows(self, query: str, lead_id: int) -> Sequence[Row[Any]]:
        """Return the rows of a query by `:lead`."""
        with self._engine.connect() as connection:
            return connection.execute(text(query), {"lead": lead_id}).all()

    def wait_closely(self, query: str, lead_id: int) -> None:
        """Return as soon as a query by `:lead` has a row; polls without a pause."""
        with self._engine.connect() as connection:
            until(
                lambda: connection.execute(text(query), {"lead": lead_id}).first() is not None,
                query,
                poll_seconds=0,
            )

    def lead(self, lead_id: int) -> Row[Any]:
        """Return a lead's row."""
        return self.rows("SELECT * FROM leads WHERE id = :lead", lead_id)[0]

    def out(self, lead_id: int) -> Sequence[Row[Any]]:
        """Return the lead's sent and queued messages, oldest first."""
        return self.rows(
            "SELECT id, kind, state, text, random_id, telegram_message_id FROM messages"
            " WHERE lead_id = :lead AND direction = 'out' ORDER BY id",
            lead_id,
        )

    def inbound(self, lead_id: int) -> list[tuple[str, str]]:
        """Return the text and the state of each message of the prospect."""
        rows = self.rows(
            "SELECT text, state FROM messages WHERE lead_id = :lead AND direction = 'in' ORDER BY id", lead_id
        )
        return [(row.text, row.state) for row in rows]

    def statuses(self, lead_id: int) -> list[str]:
        """Return the statuses that the lead has had, oldest first."""
        rows = self.rows("SELECT to_status FROM lead_events WHERE lead_id = :lead ORDER BY id", lead_id)
        return [row.to_status for row in rows]
