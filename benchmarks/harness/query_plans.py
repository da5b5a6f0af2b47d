"""Records the statements of a query function, and asks PostgreSQL for their plans."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Database


async def explain(database: Database, ask: Callable[[AsyncSession], Awaitable[Any]]) -> str:
    """Return the plans of all statements of `ask`, made after these are rolled back; nothing is changed."""
    lines: list[str] = []
    statements = await record_statements(database, ask)
    async with database.engine.connect() as connection:
        for statement, values in statements:
            if statement.startswith("SET "):
                continue
            lines += (await connection.exec_driver_sql(f"EXPLAIN {statement}", values)).scalars().all()
    return "\n".join(lines)


async def record_statements(
    database: Database, ask: Callable[[AsyncSession], Awaitable[Any]]
) -> list[tuple[str, Any]]:
    """Run `ask`, roll back, and return its statements with their parameters."""
    found: list[tuple[str, Any]] = []

    def record(_connection: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:  # noqa: ANN401
        found.append((statement, values))

    event.listen(database.engine.sync_engine, "before_cursor_execute", record)
    try:
        async with AsyncSession(database.engine) as session:
            await ask(session)
            await session.rollback()
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", record)
    return found
