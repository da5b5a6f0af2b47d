"""Leases: queries that claim due leads for a worker process, keep the leases, and release them."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    Update,
    bindparam,
    case,
    exists,
    literal_column,
    union_all,
    update,
)
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from shared.database.columns import UtcDateTime
from shared.database.models import LEADS, MESSAGES, Lead
from shared.errors import LostRaceError

# A lead whose lease expired this many times in a row may be crashing its worker. Suspects are limited to 16
# at a time, quarantined leads to 1, so that one poison lead cannot take the others down.
SUSPECT_AFTER, MAX_SUSPECT = 4, 16
QUARANTINE_AFTER, MAX_QUARANTINED = 12, 1
# With this many lost leases and this long overdue, the lead itself is the cause. A machine that keeps
# crashing loses the leases of all leads.
POISON_AFTER, POISON_FOR = 20, timedelta(hours=1)

# Frequent statements are built once, with these parameters: building one takes longer than running it.
P_NOW = bindparam("now", type_=UtcDateTime())
P_ACCOUNT = bindparam("mine", type_=BigInteger())


@dataclass(frozen=True)
class WorkerId:
    """The Telegram account and a random id of this process; together they name the owner of a lease."""

    account_id: int
    run_id: str

    @property
    def lease_name(self) -> str:
        """The owner of a lease, as stored in `leads.leased_by`."""
        return f"account-{self.account_id}/{self.run_id}"


@dataclass
class ClaimRequest:
    """The worker that claims due leads, the moment, and how long the leases last.

    At most `suspect_slots` suspects and `quarantined_slots` quarantined leads are claimed, those with the
    fewest lost leases first. One of them may be crashing its worker, and it must not take the others down.
    """

    me: WorkerId
    now: datetime
    lease: timedelta
    suspect_slots: int = MAX_SUSPECT
    quarantined_slots: int = MAX_QUARANTINED

    async def claim_from(
        self, session: AsyncSession, query: SelectOfScalar[Any], limit: int, **values: object
    ) -> Sequence[Lead]:
        """Lease the first `limit` leads of a query that selects lead ids; returns the leads in no order.

        An expired lease is taken over and counted in `lost_leases`. The statement built from `query` is
        cached for ever: pass the same query object each time and vary only `values`.
        """
        if limit <= 0:
            return []
        limits = {
            "healthy": limit,
            "suspect": min(limit, self.suspect_slots),
            "quarantined": self.quarantined_slots,
        }
        lease = {"holder": self.me.lease_name, "until": self.now + self.lease}
        claimed = await session.exec(_claiming(query), params=self.values | limits | lease | values)
        leads = claimed.scalars().all()
        suspects, quarantined = count_suspects(lead.lost_leases for lead in leads)
        self.suspect_slots -= suspects
        self.quarantined_slots -= quarantined
        return leads

    @property
    def values(self) -> dict[str, object]:
        """The values of P_NOW and P_ACCOUNT."""
        return {"now": self.now, "mine": self.me.account_id}


@cache
def _claiming(query: SelectOfScalar[Any]) -> Update:
    lost = case((col(Lead.leased_until).is_not(None), 1), else_=0)
    losses = col(Lead.lost_leases) + lost
    free = query.with_for_update(skip_locked=True)
    # CTEs: a LIMIT subquery may be re-run and claim too many.
    least_lost = free.order_by(None).order_by(losses, col(Lead.due_at))
    chosen = {
        "healthy": free.where(losses < SUSPECT_AFTER),
        "suspect": least_lost.where(losses >= SUSPECT_AFTER, losses < QUARANTINE_AFTER),
        "quarantined": least_lost.where(losses >= QUARANTINE_AFTER),
    }
    groups = [ids.limit(bindparam(name, type_=BigInteger())).cte(name) for name, ids in chosen.items()]
    return (
        # The claim also reads: an ORM UPDATE returns entities.
        update(Lead)
        # One UNION ALL: with several conditions PostgreSQL would read the whole table.
        .where(col(Lead.id).in_(union_all(*(select(group.c.id) for group in groups))))
        .values(
            leased_by=bindparam("holder", type_=Text()),
            leased_until=bindparam("until", type_=UtcDateTime()),
            lost_leases=losses,
        )
        .returning(Lead)
        .execution_options(synchronize_session=False)
    )


def count_suspects(losses: Iterable[int]) -> tuple[int, int]:
    """Count the suspects and the quarantined leads among these numbers of lost leases."""
    lost = [count for count in losses if count >= SUSPECT_AFTER]
    quarantined = sum(count >= QUARANTINE_AFTER for count in lost)
    return len(lost) - quarantined, quarantined


def is_poison(lead: Lead, now: datetime) -> bool:
    """Return True if a claimed lead is likely to be what crashes its workers; it must not be worked on."""
    overdue = now - (lead.due_at or now)
    return lead.lost_leases >= POISON_AFTER and overdue >= POISON_FOR


async def claim(session: AsyncSession, request: ClaimRequest, *, limit: int) -> Sequence[Lead]:
    """Claim up to `limit` due leads of this account that are not `pending`; returns the longest due first.

    worker/outreach/new_leads.py claims the pending ones, within the account's limits.
    """
    leads = await request.claim_from(session, _DUE_CONVERSATIONS, limit)
    return sorted(leads, key=lambda lead: (lead.due_at or request.now, lead.id))


def due_conversations() -> list[ColumnElement[bool]]:
    """Conditions for the due leads of this account that are not `pending`."""
    return [_is_conversation(), *claimable()]


def _is_conversation() -> ColumnElement[bool]:
    # Written exactly as in the partial index, so that the query does not read due pending leads first.
    return LEADS.c.status != literal_column("'pending'")


def claimable() -> list[ColumnElement[bool]]:
    """Conditions for the leads that this account may claim now."""
    return [
        LEADS.c.due_at <= P_NOW,
        or_(LEADS.c.leased_until.is_(None), LEADS.c.leased_until <= P_NOW),
        or_(LEADS.c.account_id.is_(None), LEADS.c.account_id == P_ACCOUNT),
    ]


_DUE_CONVERSATIONS = select(Lead.id).where(*due_conversations()).order_by(col(Lead.due_at), col(Lead.id))


async def lock_leased(
    session: AsyncSession, me: WorkerId, ids: Collection[int], *, waits: bool
) -> Sequence[Lead]:
    """Lock the leads that this worker leases, in the order of their ids; returns their current rows.

    Without `waits`, leads that another transaction locks are left out. With `waits`, raises LostRaceError if
    one of the leads is gone or another worker holds its lease.
    """
    statement = _WAITING_LOCK if waits else _SKIPPING_LOCK
    leads = (await session.exec(statement, params={"leads": list(ids), "holder": me.lease_name})).all()
    holders = {lead.id: lead.leased_by for lead in leads}
    for lead_id in ids if waits else ():
        if (holder := holders.get(lead_id, "nobody: it is gone")) != me.lease_name:
            raise LostRaceError(f"lead {lead_id} is worked on by {holder}")
    return leads


async def load_leased(session: AsyncSession, lead_ids: Collection[int], me: WorkerId) -> Sequence[Lead]:
    """Read the current rows of those leads that this worker still leases."""
    found = await session.exec(_LEASED, params={"leads": list(lead_ids), "holder": me.lease_name})
    return found.all()


_LEADS = select(Lead).where(col(Lead.id).in_(bindparam("leads", expanding=True)))
_LEASED = _LEADS.where(col(Lead.leased_by) == bindparam("holder", type_=Text()))
_WAITING_LOCK, _SKIPPING_LOCK = (
    leads.order_by(col(Lead.id)).with_for_update(skip_locked=skips).execution_options(populate_existing=True)
    for leads, skips in ((_LEADS, False), (_LEASED, True))
)


async def renew(session: AsyncSession, me: WorkerId, lead_ids: Collection[int], *, until: datetime) -> None:
    """Extend the leases of `lead_ids` while the work on them goes on."""
    # A row that another transaction locks is skipped until the next renewal: waiting for several rows could
    # last for ever.
    free = (
        select(LEADS.c.id)
        .where(LEADS.c.id.in_(lead_ids), LEADS.c.leased_by == me.lease_name)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    await session.exec(update(LEADS).where(LEADS.c.id.in_(select(free.c.id))).values(leased_until=until))


async def release(session: AsyncSession, me: WorkerId, lead_ids: Collection[int]) -> None:
    """Release leads untouched, because the worker stops. This is not a failure of the leads."""
    await session.exec(
        update(LEADS)
        .where(LEADS.c.id.in_(lead_ids), LEADS.c.leased_by == me.lease_name)
        .values(leased_by=None, leased_until=None)
    )


async def release_unacknowledged(session: AsyncSession, me: WorkerId, in_progress: Collection[int]) -> None:
    """Release leads of a claim that was committed but whose answer never reached this worker."""
    await session.exec(
        update(LEADS)
        .where(LEADS.c.leased_by == me.lease_name, LEADS.c.id.not_in(in_progress))
        .values(leased_by=None, leased_until=None)
    )


async def retry_now(session: AsyncSession, me: WorkerId, *, now: datetime) -> None:
    """Make leads that wait after an error due now: the key or the address of the model may be fixed.

    A lead with a queued message keeps its due time, which Telegram may have set.
    """
    queued = exists().where(MESSAGES.c.lead_id == LEADS.c.id, MESSAGES.c.state == "queued")
    await session.exec(
        update(LEADS)
        .where(
            LEADS.c.account_id == me.account_id,
            LEADS.c.due_at > now,
            _is_conversation(),
            LEADS.c.last_error.is_not(None),
            ~queued,
        )
        .values(due_at=now)
    )


async def expire_previous_leases(session: AsyncSession, me: WorkerId, *, now: datetime) -> int:
    """End the leases of earlier worker processes of this account; returns how many there were.

    Those processes have ended, since this one holds the session. The next claim counts each as a lost lease.
    """
    ended = await session.exec(
        update(LEADS)
        .where(
            LEADS.c.leased_by.startswith(f"account-{me.account_id}/", autoescape=True),
            LEADS.c.leased_by != me.lease_name,
            LEADS.c.leased_until > now,
        )
        .values(leased_until=now)
    )
    return ended.rowcount
