"""PostgreSQL's plans of what the product asks, among thousands of leads that are long finished."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy import event, text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.db import Database

COLUMNS = (
    "name, phone_e164, username, source, status, account_id, telegram_user_id, due_at, attempts,"
    " lost_leases, extra, created_at, updated_at"
)
# One a minute; all but the last is over.
FINISHED = f"""
INSERT INTO leads ({COLUMNS})
SELECT 'Анна', '+7916' || lpad(n::text, 7, '0'), 'anna_' || n, 'tilda', 'rejected', :account, n, NULL, 0, 0,
       '{{}}', :now - (20001 - n) * interval '1 minute', :now
FROM generate_series(1, 20000) n
"""
SAID = """
INSERT INTO messages (lead_id, account_id, direction, kind, text, state, key, random_id, created_at)
SELECT id, account_id, 'out', 'greeting', 'Добрый день', 'sent', 'greeting' || id, id, :now FROM leads
"""
BROUGHT = """
INSERT INTO webhook_deliveries (source, received_at, body, outcome, lead_id)
SELECT 'tilda', created_at, 'name=%D0%90', 'stored', id FROM leads
"""
KNOWN = """
INSERT INTO telegram_people (account_id, user_id, access_hash, username, username_at, phone_e164, phone_at)
SELECT account_id, telegram_user_id, 1, username, created_at, phone_e164, created_at FROM leads
"""
# A long list was brought in just now, and a few conversations go on.
DUE = f"""
INSERT INTO leads ({COLUMNS})
SELECT 'Анна', NULL, 'new_' || n, 'import', CASE WHEN n > 2980 THEN 'engaged' ELSE 'pending' END, :account,
       CASE WHEN n > 2980 THEN 30000 + n END, :now, 0, 0, '{{}}', :now, :now
FROM generate_series(1, 3000) n
"""


async def fill(database: Database, values: dict[str, Any]) -> None:
    """Leads with all that belongs to them; `values`: their account and now."""
    async with database.engine.begin() as connection:
        for statement in (FINISHED, SAID, BROUGHT, KNOWN, DUE):
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
        await connection.exec_driver_sql("ANALYZE")


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


def read_whole(plan: str) -> list[str]:
    """Which of the big tables a plan reads from one end to the other."""
    big = ("leads", "messages", "lead_events", "webhook_deliveries", "telegram_people")
    return [table for table in big if f"Seq Scan on {table}" in plan]
