"""What the product asks of a database, and PostgreSQL's plans of it."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Database


async def plans(database: Database, ask: Callable[[AsyncSession], Awaitable[Any]]) -> str:
    """The plans of all that is asked, each as things stood before; nothing is changed."""
    lines: list[str] = []
    statements = await asked(database, ask)
    async with database.engine.connect() as connection:
        for statement, values in statements:
            lines += (await connection.exec_driver_sql(f"EXPLAIN {statement}", values)).scalars().all()
    return "\n".join(lines)


async def asked(database: Database, ask: Callable[[AsyncSession], Awaitable[Any]]) -> list[tuple[str, Any]]:
    """The statements of all that is asked, with their values; what they change is taken back."""
    found: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:  # noqa: ANN401
        found.append((statement, values))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        async with AsyncSession(database.engine) as session:
            await ask(session)
            await session.rollback()
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    return found
