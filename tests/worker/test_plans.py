"""What is asked all the time reads no whole table: PostgreSQL's plans among thousands of finished leads."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.db import Database
from tests.conftest import Postgres
from tests.worker.rows import LEASE, NOW, add_account, add_lead
from worker import openings, queue
from worker.outreach import Limits
from worker.queue import Claim, Me

COLUMNS = (
    "name, username, source, status, account_id, due_at, attempts, lost_leases, extra, created_at, updated_at"
)
FINISHED = f"""
INSERT INTO leads ({COLUMNS})
SELECT 'Анна', 'anna_' || n, 'tilda', 'rejected', :account, NULL, 0, 0, '{{}}', :now, :now
FROM generate_series(1, 20000) n
"""
SAID = """
INSERT INTO messages (lead_id, account_id, direction, kind, text, state, key, random_id, created_at)
SELECT id, account_id, 'out', 'greeting', 'Добрый день', 'sent', 'greeting' || id, id, :now FROM leads
"""
WAITING = f"""
INSERT INTO leads ({COLUMNS})
SELECT 'Анна', 'new_' || n, 'tilda', status, :account, :now, 0, 0, '{{}}', :now, :now
FROM generate_series(1, 20) n, unnest(ARRAY['pending', 'engaged']) status
"""
OVERVIEW = "SELECT * FROM lead_overview ORDER BY id DESC LIMIT 20"
LIMITS = Limits(timedelta(), 100, timedelta())
NOBODY = openings.Prepared(openings.Ready(0, 0), openings.Ready(0, 0))
ALL = openings.Due(running=True, fresh=True, others=True, next_lookup_at=None, prepared=NOBODY)
QUERIES: dict[str, Callable[[AsyncSession, Me], Awaitable[Any]]] = {
    "running": lambda session, me: queue.claim(session, Claim(me, NOW, LEASE), limit=10),
    "due": lambda session, me: openings.due(session, me, now=NOW),
    "new": lambda session, me: openings.claim(session, Claim(me, NOW, LEASE), LIMITS, ALL, limit=10),
    "backlog": lambda session, me: queue.backlog(session, me.account_id, now=NOW),
    "inherited": lambda session, me: queue.inherit(session, me, now=NOW),
    "released": lambda session, me: queue.release_others(session, me, [1]),
}


@pytest.fixture
async def server(postgres: Postgres) -> AsyncIterator[Database]:
    """A PostgreSQL, which has plans to tell."""
    database = Database(postgres.create())
    yield database
    await database.close()


async def test_no_whole_table_is_read(server: Database) -> None:
    account = await add_account(server, held_by="there", held_until=NOW + timedelta(days=1))
    values = {"account": account, "now": NOW}
    async with server.engine.begin() as connection:
        for fill in (FINISHED, SAID, WAITING):
            await connection.execute(text(fill), values)
        await connection.exec_driver_sql("ANALYZE")
    plans = {name: await _plans(server, ask, Me(account, "life1")) for name, ask in QUERIES.items()}
    async with server.engine.connect() as connection:
        plans["overview"] = (await connection.exec_driver_sql(f"EXPLAIN {OVERVIEW}")).scalars().all()
    for name, plan in plans.items():
        assert plan, name
        read = [line for line in plan if "Seq Scan on leads" in line or "Seq Scan on messages" in line]
        assert not read, (name, plan)


async def test_one_question_finds_out_that_there_is_nothing_to_do(server: Database) -> None:
    there = {"held_by": "there", "held_until": NOW + timedelta(days=1), "outreach_limit": 100}
    me = Me(await add_account(server, **there), "life1")
    assert len(await _asked(server, _claim, me)) == 1
    await add_lead(server)
    # What is due, how much the account may still do, in whose hands its leads are, and the claim.
    assert len(await _asked(server, _claim, me)) == 4


async def _claim(session: AsyncSession, me: Me) -> None:
    claim = Claim(me, NOW, LEASE)
    due = await openings.due(session, me, now=NOW)
    if due.running:
        await queue.claim(session, claim, limit=10)
    await openings.claim(session, claim, LIMITS, due, limit=10)


async def _plans(database: Database, ask: Callable[[AsyncSession, Me], Awaitable[Any]], me: Me) -> list[str]:
    """The plans of all that is asked, each as it stands before the next."""
    asked = await _asked(database, ask, me)
    plans: list[str] = []
    async with database.engine.connect() as connection:
        for statement, values in asked:
            plans += (await connection.exec_driver_sql(f"EXPLAIN {statement}", values)).scalars().all()
    return plans


async def _asked(
    database: Database, ask: Callable[[AsyncSession, Me], Awaitable[Any]], me: Me
) -> list[tuple[str, Any]]:
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:  # noqa: ANN401
        asked.append((statement, values))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        async with database.writing() as session:
            await ask(session, me)
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
    return asked
