"""What is asked all the time reads no whole table: PostgreSQL's plans among thousands of finished leads."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.plans import asked, plans
from shared.db import Database
from tests.conftest import Postgres
from tests.plans import fill, read_whole
from tests.worker.rows import LEASE, NOW, add_account, add_lead
from worker import handover, inbox, notices, openings, people, queue
from worker.outreach import Limits
from worker.queue import Claim, Me

OVERVIEW = text("SELECT * FROM lead_overview ORDER BY id DESC LIMIT 20")
LIMITS = Limits(timedelta(), 100, timedelta())
NOBODY = openings.Prepared(openings.Ready(0, 0), openings.Ready(0, 0))
ALL = openings.Due(running=True, fresh=True, others=True, next_lookup_at=None, prepared=NOBODY)
DAY = timedelta(days=1)
# By what each asks, and the indexes without which it would read much that it does not want.
QUERIES: dict[str, tuple[Callable[[AsyncSession, Me], Awaitable[Any]], tuple[str, ...]]] = {
    "running": (
        lambda session, me: queue.claim(session, Claim(me, NOW, LEASE), limit=10),
        ("ix_leads_running_due_at",),
    ),
    "due": (lambda session, me: openings.due(session, me, now=NOW), ("ix_leads_running_due_at",)),
    "new": (lambda session, me: openings.claim(session, Claim(me, NOW, LEASE), LIMITS, ALL, limit=10), ()),
    "backlog": (lambda session, me: queue.backlog(session, me.account_id, now=NOW), ()),
    "waiting": (
        lambda session, _: queue.waiting(session),
        ("ix_messages_outbox", "ix_messages_inbox"),
    ),
    "hurried": (lambda session, me: queue.hurry(session, me, now=NOW), ("ix_leads_running_due_at",)),
    "inherited": (lambda session, me: queue.inherit(session, me, now=NOW), ()),
    "released": (lambda session, me: queue.release_others(session, me, [1]), ()),
    "taken back": (lambda session, me: handover.take_back(session, me.account_id), ()),
    "conversations": (
        lambda session, me: inbox.conversations(session, me.account_id, [5, 30_000], since=NOW - DAY),
        ("ix_leads_telegram_user_id_account_id",),
    ),
    "address book": (
        lambda session, me: people.contacts(session, me.account_id),
        ("ix_telegram_people_contacts",),
    ),
    "untold": (
        lambda session, me: notices.untold(session, me.account_id, since=NOW - DAY, now=NOW),
        ("pk_lead_events",),
    ),
    "figures": (
        lambda session, _: notices.figures(session, start=NOW - DAY, end=NOW),
        ("ix_lead_events_scheduled",),
    ),
    "overview": (lambda session, _: session.exec(OVERVIEW), ()),
}


@pytest.fixture
async def server(postgres: Postgres) -> AsyncIterator[Database]:
    """A PostgreSQL, which has plans to tell."""
    database = Database(postgres.create())
    yield database
    await database.close()


async def test_no_whole_table_is_read(server: Database) -> None:
    account = await add_account(server, held_by="there", held_until=NOW + DAY)
    await fill(server, {"account": account, "now": NOW})
    me = Me(account, "life1")
    for name, (ask, indexes) in QUERIES.items():

        async def asking(session: AsyncSession, ask: Callable[..., Awaitable[Any]] = ask) -> None:
            await ask(session, me)

        plan = await plans(server, asking)
        assert plan, name
        assert not read_whole(plan), (name, plan)
        assert all(index in plan for index in indexes), (name, plan)


async def test_one_question_finds_out_that_there_is_nothing_to_do(server: Database) -> None:
    there = {"held_by": "there", "held_until": NOW + DAY, "outreach_limit": 100}
    me = Me(await add_account(server, **there), "life1")

    async def claim(session: AsyncSession) -> None:
        claim = Claim(me, NOW, LEASE)
        due = await openings.due(session, me, now=NOW)
        if due.running:
            await queue.claim(session, claim, limit=10)
        await openings.claim(session, claim, LIMITS, due, limit=10)

    assert len(await asked(server, claim)) == 1
    await add_lead(server)
    # What is due, how much the account may still do, in whose hands its leads are, and the claim.
    assert len(await asked(server, claim)) == 4
