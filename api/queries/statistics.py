"""The console's overview: the funnel, the time to the first message, accounts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ScalarSelect, case, func, text
from sqlalchemy import select as sql_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, LeadEvent, Message
from shared.statuses import LeadStatus

# How far a lead has come; each stage includes the later ones.
STAGES = ("received", "written", "answered", "agreed", "booked")
# Statuses whose events show that a stage was reached.
_REACHED = {
    "written": (LeadStatus.CONTACTED, LeadStatus.NO_REPLY),
    "answered": (LeadStatus.ENGAGED, LeadStatus.REJECTED),
    "agreed": (LeadStatus.SCHEDULED,),
    "booked": (LeadStatus.BOOKED,),
}
# Enough for a percentile, and read within some milliseconds.
_TIMED_LEADS = 2000


@dataclass
class Funnel:
    """How many leads reached each stage, and what the model cost for them; None: no price is known."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    cost: float | None = None

    def add(self, counts: Mapping[str, int], cost: float | None) -> None:
        """Add another group of leads."""
        for stage in STAGES:
            self.counts[stage] += counts[stage]
        if cost is not None:
            self.cost = (self.cost or 0.0) + cost


@dataclass(frozen=True)
class Funnels:
    """The funnel of all leads of a period, and by day (ISO date), source and account id."""

    total: Funnel
    by_day: Mapping[str, Funnel]
    by_source: Mapping[str, Funnel]
    by_account: Mapping[int | None, Funnel]


async def funnels(session: AsyncSession, since: datetime) -> Funnels:
    """Return the funnels of the leads that were created since a time."""
    leads = (
        sql_select(
            col(Lead.created_at),
            col(Lead.source),
            col(Lead.account_id),
            _reached().label("stage"),
            _cost().label("cost"),
        )
        .where(col(Lead.created_at) >= since)
        # Kept apart by OFFSET: the subqueries would run again for each sum.
        .offset(0)
        .subquery()
    )
    connection = await session.connection()
    is_postgres = connection.dialect.name == "postgresql"
    if is_postgres:
        # Compiling the query takes a second, running it a tenth of that.
        await connection.execute(text("SET LOCAL jit = off"))
    moment = func.timezone("UTC", leads.c.created_at) if is_postgres else leads.c.created_at
    day = func.date(moment).label("day")
    sums = [
        func.sum(case((leads.c.stage >= number, 1), else_=0)).label(stage)
        for number, stage in enumerate(_REACHED, 1)
    ]
    query = (
        sql_select(
            day,
            leads.c.source,
            leads.c.account_id,
            func.count().label("received"),
            func.sum(leads.c.cost).label("cost"),
            *sums,
        )
        .group_by(day, leads.c.source, leads.c.account_id)
        .order_by(day)
    )
    total = Funnel()
    groups: tuple[dict[Any, Funnel], ...] = (defaultdict(Funnel), defaultdict(Funnel), defaultdict(Funnel))
    for row in (await connection.execute(query)).mappings():
        counts = {stage: int(row[stage] or 0) for stage in STAGES}
        total.add(counts, row["cost"])
        for group, key in zip(groups, (str(row["day"]), row["source"], row["account_id"]), strict=True):
            group[key].add(counts, row["cost"])
    return Funnels(total, *groups)


def _reached() -> ScalarSelect[Any]:
    """Return the number of the furthest stage of a lead.

    A subquery for each lead: as a join, PostgreSQL reads the events of all leads.
    """
    stages = [
        (col(LeadEvent.to_status).in_(statuses), number)
        for number, statuses in enumerate(_REACHED.values(), 1)
    ]
    furthest = select(func.max(case(*stages, else_=0))).where(col(LeadEvent.lead_id) == col(Lead.id))
    return furthest.correlate(Lead).scalar_subquery()


def _cost() -> ScalarSelect[Any]:
    costs = select(func.sum(Message.cost_usd)).where(col(Message.lead_id) == col(Lead.id))
    return costs.correlate(Lead).scalar_subquery()


async def seconds_to_first_message(session: AsyncSession, since: datetime) -> Sequence[float]:
    """Return the sorted seconds from the form to our first message, of the newest leads since a time."""
    first = (
        select(func.min(Message.sent_at))
        .where(
            col(Message.lead_id) == col(Lead.id),
            col(Message.direction) == "out",
            col(Message.state) == "sent",
        )
        .correlate(Lead)
        .scalar_subquery()
    )
    found = await session.exec(
        select(Lead.created_at, first.label("first_at"))
        .where(col(Lead.created_at) >= since)
        .order_by(col(Lead.created_at).desc())
        .limit(_TIMED_LEADS)
    )
    return sorted(max(0.0, (sent - created).total_seconds()) for created, sent in found if sent is not None)


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value below which `share` of the sorted values are; None if there are none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else None


async def account_lines(session: AsyncSession) -> Sequence[Mapping[str, Any]]:
    """Return the accounts with today's usage, limits and waits, as the view `account_overview` has them."""
    connection = await session.connection()
    return [
        dict(row) for row in (await connection.execute(text("SELECT * FROM account_overview"))).mappings()
    ]
