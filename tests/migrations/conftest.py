"""Helpers that write rows with plain SQL, as a psql user does."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.database.engine import Database


class Tables:
    """Runs plain SQL, one transaction per statement."""

    def __init__(self, database: Database) -> None:
        self.database = database

    async def rows(self, statement: str, **values: object) -> list[dict[str, Any]]:
        """Return the rows of a statement; raises IntegrityError if a constraint forbids it."""
        async with self.database.engine.begin() as connection:
            return await _rows(connection, statement, values)

    async def insert(self, table: str, **values: object) -> int:
        """Insert a row with only these columns; returns its id."""
        columns = f"({', '.join(values)}) VALUES ({', '.join(f':{name}' for name in values)})"
        (row,) = await self.rows(f"INSERT INTO {table} {columns} RETURNING id", **values)
        return int(row["id"])

    async def lead(self, **values: object) -> int:
        """Insert a lead with all required columns."""
        return await self.insert(
            "leads", **({"name": "Анна", "username": "anna_k", "source": "api"} | values)
        )

    async def account(self, telegram_user_id: int = 2**40) -> int:
        """Insert a Telegram account."""
        return await self.insert("telegram_accounts", telegram_user_id=telegram_user_id, session_name="main")

    async def message(self, lead_id: int, **values: object) -> int:
        """Insert a message; by default an unanswered incoming one."""
        defaults: dict[str, object] = {"direction": "in", "kind": "reply", "state": "received", "text": "Да"}
        return await self.insert("messages", **(defaults | {"lead_id": lead_id} | values))

    async def outgoing(self, lead_id: int, **values: object) -> int:
        """Insert an outgoing message; by default a queued greeting."""
        defaults: dict[str, object] = {
            "direction": "out",
            "kind": "greeting",
            "state": "queued",
            "random_id": 2**62,
        }
        return await self.message(lead_id, **(defaults | values))


async def _rows(
    connection: AsyncConnection, statement: str, values: dict[str, object]
) -> list[dict[str, Any]]:
    result = await connection.execute(text(statement), values)
    return [dict(row) for row in result.mappings()] if result.returns_rows else []


@pytest.fixture
async def tables(kept_database: Database) -> Tables:
    """Empty tables in a database of each kind in turn; a module's tests share the database."""
    tables = Tables(kept_database)
    for table in ("webhook_deliveries", "leads", "telegram_accounts"):
        await tables.rows(f"DELETE FROM {table}")
    return tables
