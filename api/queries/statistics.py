"""The console's overview: the funnel, the time to the first message, accounts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, text
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead, LeadEvent, Message

# How far a lead has come; each stage includes the later ones.
STAGES = ("received", "written", "answered", "agreed", "booked")
# Statuses whose events show that a stage was reached.
_REACHED = {
    "written": ("contacted", "engaged", "scheduled", "rejected", "no_reply", "booked"),
    "answered": ("engaged", "scheduled", "rejected", "booked"),
    "agreed": ("scheduled", "booked"),
    "booked": ("booked",),
}
# Enough for a percentile, and read within some milliseconds.
_TIMED_LEADS = 5000


@dataclass
class Funnel:
    """How many leads reached each stage."""

    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))

    def add(self, counts: Mapping[str, int]) -> None:
        """Add the counts of another group of leads."""
        for stage in STAGES:
            self.counts[stage] += counts[stage]


@dataclass(frozen=True)
class Funnels:
    """The funnel of all leads of a period, and by day (ISO date), source and account id."""

    total: Funnel
    by_day: Mapping[str, Funnel]
    by_source: Mapping[str, Funnel]
    by_account: Mapping[int | None, Funnel]


async def funnels(session: AsyncSession, since: datetime) -> Funnels:
    """Return the funnels of the leads that were created since a time."""
    reached = [
        func.max(case((col(LeadEvent.to_status).in_(statuses), 1), else_=0)).label(stage)
        for stage, statuses in _REACHED.items()
    ]
    flags = (
        select(Lead.id, Lead.created_at, Lead.source, Lead.account_id, *reached)
        .join(LeadEvent, col(LeadEvent.lead_id) == col(Lead.id))
        .where(col(Lead.created_at) >= since)
        .group_by(col(Lead.id), col(Lead.created_at), col(Lead.source), col(Lead.account_id))
        .subquery()
    )
    is_postgres = session.get_bind().dialect.name == "postgresql"
    moment = func.timezone("UTC", flags.c.created_at) if is_postgres else flags.c.created_at
    day = func.date(moment).label("day")
    sums = [func.sum(flags.c[stage]).label(stage) for stage in _REACHED]
    query = (
        select(day, flags.c.source, flags.c.account_id, func.count().label("received"), *sums)
        .group_by(day, flags.c.source, flags.c.account_id)
        .order_by(day)
    )
    found = (await (await session.connection()).execute(query)).mappings()
    total = Funnel()
    groups: tuple[dict[Any, Funnel], ...] = (defaultdict(Funnel), defaultdict(Funnel), defaultdict(Funnel))
    for row in found:
        counts = {stage: int(row[stage] or 0) for stage in STAGES}
        total.add(counts)
        for group, key in zip(groups, (str(row["day"]), row["source"], row["account_id"]), strict=True):
            group[key].add(counts)
    return Funnels(total, *groups)


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


async def cost_since(session: AsyncSession, since: datetime) -> float | None:
    """Return what the model cost for the leads since a time, in US dollars; None if no price is known."""
    found = await session.exec(
        select(func.sum(Message.cost_usd))
        .join(Lead, col(Lead.id) == col(Message.lead_id))
        .where(col(Lead.created_at) >= since)
    )
    cost = found.one()
    return None if cost is None else float(cost)


async def account_lines(session: AsyncSession) -> Sequence[Mapping[str, Any]]:
    """Return the accounts with today's usage, limits and waits, as the view `account_overview` has them."""
    connection = await session.connection()
    return [
        dict(row) for row in (await connection.execute(text("SELECT * FROM account_overview"))).mappings()
    ]
