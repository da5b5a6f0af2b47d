"""Frequent queries do not read whole tables: PostgreSQL plans among thousands of finished leads."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel.ext.asyncio.session import AsyncSession

from benchmarks.harness.query_plans import explain, record_statements
from shared.database.engine import Database
from tests.conftest import Postgres
from tests.support.query_plans import fill, read_whole
from tests.support.rows import LEASE, NOW, add_account, add_lead
from worker.domain.sending_limits import Limits
from worker.messaging import inbox
from worker.notifications import notices
from worker.outreach import new_leads, peer_cache, reassignment
from worker.outreach.fair_order import FairOrder
from worker.queue import backlog, leases
from worker.queue.leases import ClaimRequest, WorkerId

OVERVIEW = text("SELECT * FROM lead_overview ORDER BY id DESC LIMIT 20")
LIMITS = Limits(timedelta(), 100, timedelta())
NOBODY = new_leads.InPreparation(new_leads.PreparationCount(0, 0), new_leads.PreparationCount(0, 0))
ALL = new_leads.DueSummary(running=True, hot=True, cold=True, next_lookup_at=None, prepared=NOBODY)
DAY = timedelta(days=1)
# Query name → the query, and the indexes that its plan must use.
QUERIES: dict[str, tuple[Callable[[AsyncSession, WorkerId], Awaitable[Any]], tuple[str, ...]]] = {
    "running": (
        lambda session, me: leases.claim(session, ClaimRequest(me, NOW, LEASE), limit=10),
        ("ix_leads_running_due_at",),
    ),
    "due": (
        lambda session, me: new_leads.load_due_summary(session, me, now=NOW),
        ("ix_leads_running_due_at",),
    ),
    "new": (
        lambda session, me: new_leads.claim(session, ClaimRequest(me, NOW, LEASE), LIMITS, ALL, limit=10),
        (),
    ),
    "new, some of the longest waiting first": (
        lambda session, me: new_leads.claim(
            session, ClaimRequest(me, NOW, LEASE), LIMITS, ALL, limit=10, fair_order=FairOrder()
        ),
        (),
    ),
    "backlog": (lambda session, me: backlog.load_backlog(session, me.account_id, now=NOW), ()),
    "pending messages": (
        lambda session, _: backlog.count_pending_messages(session),
        ("ix_messages_outbox", "ix_messages_inbox"),
    ),
    "retry now": (lambda session, me: leases.retry_now(session, me, now=NOW), ("ix_leads_running_due_at",)),
    "expire previous leases": (lambda session, me: leases.expire_previous_leases(session, me, now=NOW), ()),
    "release unacknowledged": (lambda session, me: leases.release_unacknowledged(session, me, [1]), ()),
    "clear stranded marks": (
        lambda session, me: reassignment.clear_stranded_marks(session, me.account_id),
        (),
    ),
    "conversations": (
        lambda session, me: inbox.load_catch_up_chats(session, me.account_id, [5, 30_000], since=NOW - DAY),
        ("ix_leads_telegram_user_id_account_id",),
    ),
    "address book": (
        lambda session, me: peer_cache.load_imported_contacts(session, me.account_id),
        ("ix_telegram_people_contacts",),
    ),
    "unreported events": (
        lambda session, me: notices.unreported_events(session, me.account_id, since=NOW - DAY, now=NOW),
        ("pk_lead_events",),
    ),
    "figures": (
        lambda session, _: notices.load_daily_figures(session, start=NOW - DAY, end=NOW),
        ("ix_lead_events_scheduled",),
    ),
    "overview": (lambda session, _: session.exec(OVERVIEW), ()),
}


@pytest.fixture
async def server(postgres: Postgres) -> AsyncIterator[Database]:
    """A PostgreSQL database: only PostgreSQL has these plans."""
    database = Database(postgres.create())
    yield database
    await database.close()


async def test_no_frequent_query_reads_a_whole_table(server: Database) -> None:
    account = await add_account(server, held_by="there", held_until=NOW + DAY)
    await fill(server, {"account": account, "now": NOW})
    me = WorkerId(account, "life1")
    for name, (ask, indexes) in QUERIES.items():

        async def asking(session: AsyncSession, ask: Callable[..., Awaitable[Any]] = ask) -> None:
            await ask(session, me)

        plan = await explain(server, asking)
        assert plan, name
        assert not read_whole(plan), (name, plan)
        assert all(index in plan for index in indexes), (name, plan)


async def test_an_idle_claim_takes_one_statement(server: Database) -> None:
    there = {"held_by": "there", "held_until": NOW + DAY, "outreach_limit": 100}
    me = WorkerId(await add_account(server, **there), "life1")

    async def claim(session: AsyncSession) -> None:
        claim = ClaimRequest(me, NOW, LEASE)
        due = await new_leads.load_due_summary(session, me, now=NOW)
        if due.running:
            await leases.claim(session, claim, limit=10)
        await new_leads.claim(session, claim, LIMITS, due, limit=10)

    assert len(await record_statements(server, claim)) == 1
    await add_lead(server)
    # Due summary, remaining quota of the account, leads in preparation, and the claim.
    assert len(await record_statements(server, claim)) == 4
