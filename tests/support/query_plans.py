"""Fills a database with thousands of finished leads, and finds full table scans in query plans."""

from typing import Any

from sqlalchemy import text

from shared.database.engine import Database

COLUMNS = (
    "name, phone_e164, username, source, status, account_id, telegram_user_id, due_at, attempts,"
    " lost_leases, extra, created_at, updated_at"
)
# One lead a minute; all are finished.
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
# A long list has just been imported, and a few conversations are open.
DUE = f"""
INSERT INTO leads ({COLUMNS})
SELECT 'Анна', NULL, 'new_' || n, 'import', CASE WHEN n > 2980 THEN 'engaged' ELSE 'pending' END, :account,
       CASE WHEN n > 2980 THEN 30000 + n END, :now, 0, 0, '{{}}', :now, :now
FROM generate_series(1, 3000) n
"""


async def fill(database: Database, values: dict[str, Any]) -> None:
    """Insert leads with their messages, deliveries and cached peers; `values`: `account` and `now`."""
    async with database.engine.begin() as connection:
        for statement in (FINISHED, SAID, BROUGHT, KNOWN, DUE):
            used = {name: value for name, value in values.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
        await connection.exec_driver_sql("ANALYZE")


def read_whole(plan: str) -> list[str]:
    """Return the large tables that a plan reads with a sequential scan."""
    big = ("leads", "messages", "lead_events", "webhook_deliveries", "telegram_people")
    return [table for table in big if f"Seq Scan on {table}" in plan]
