"""Settles an outcome at a fixed moment, and reads the lead's state afterwards."""

import asyncio
from datetime import timedelta
from typing import Any

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.statuses import LeadStatus
from tests.support.rows import NOW, POLICY, add_message, now_of
from worker.dispatch.settlement import Settlement, SettlementResult
from worker.domain.outcomes import Outcome
from worker.queue.leases import WorkerId

S = LeadStatus
SECOND = timedelta(seconds=1)
FAILURES = {"attempts": 2, "lost_leases": 1, "last_error": "раньше"}
TALKING = [S.CONTACTED, S.ENGAGED, S.SCHEDULED, S.BOOKED, S.REJECTED, S.NO_REPLY]


async def write(
    database: Database, me: WorkerId, lead: Lead, outcome: Outcome, at: timedelta = 0 * SECOND
) -> SettlementResult:
    return await Settlement(database, me, POLICY).settle(lead, outcome, now=NOW + at)


async def settle_together(
    database: Database, me: WorkerId, *outcomes: tuple[Lead, Outcome]
) -> list[SettlementResult | BaseException]:
    """Settle several outcomes at the same time; returns a result or an error for each."""
    settlement = Settlement(database, me, POLICY)
    settling = [settlement.settle(lead, outcome, now=NOW) for lead, outcome in outcomes]
    return await asyncio.gather(*settling, return_exceptions=True)


async def state(database: Database, lead: Lead) -> dict[str, Any]:
    row = await now_of(database, lead)
    names = ("status", "due_at", "leased_by", "attempts", "lost_leases", "last_error")
    return {name: getattr(row, name) for name in names}


async def queued(database: Database, lead: Lead, **fields: Any) -> Message:  # noqa: ANN401
    usual = {"direction": "out", "kind": "answer", "state": "queued", "text": "Ответ"}
    return await add_message(database, lead, **usual | fields)


def free(status: LeadStatus, **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """The expected state of a released lead without failures."""
    released = {"due_at": None, "leased_by": None, "attempts": 0, "lost_leases": 0, "last_error": None}
    return released | {"status": status} | fields
