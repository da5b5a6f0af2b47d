"""The queries of leases: which leads are due, and who works on them."""

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
    func,
    literal_column,
    union_all,
    update,
)
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from shared.database.columns import UtcDateTime
from shared.database.models import Lead, Message
from shared.errors import LostRaceError

# After so many leases lost in a row a lead may be what kills its worker: it shares it with few others, and
# in the end with none of its kind.
SUSPECT_AFTER, MAX_SUSPECT = 4, 16
QUARANTINE_AFTER, MAX_QUARANTINED = 12, 1
# So many, and for so long no step further: then it is the lead. A machine that keeps dying does it to all.
POISON_AFTER, POISON_FOR = 20, timedelta(hours=1)

# What is asked all the time is built once, with these in place of values: that takes longer than to ask.
P_NOW = bindparam("now", type_=UtcDateTime())
P_ACCOUNT = bindparam("mine", type_=BigInteger())


@dataclass(frozen=True)
class WorkerId:
    """Which account this worker speaks for, and which of its lives this is."""

    account_id: int
    run_id: str

    @property
    def lease_name(self) -> str:
        """How a lease names its holder."""
        return f"account-{self.account_id}/{self.run_id}"


@dataclass
class ClaimRequest:
    """Who takes due leads, when and for how long.

    Of those who have lost several leases in a row only `doubted` and `suspected` are taken, the least lost
    first: one of them may be what kills its worker, and must not take the others down with it.
    """

    me: WorkerId
    now: datetime
    lease: timedelta
    suspect_slots: int = MAX_SUSPECT
    quarantined_slots: int = MAX_QUARANTINED

    async def claim_from(
        self, session: AsyncSession, wanted: SelectOfScalar[Any], limit: int, **values: object
    ) -> Sequence[Lead]:
        """Lease the first `limit` leads of a query of their ids; gives them in no order.

        A lease that ran out is taken over and counted in `lost_leases`. `wanted` is kept with what is made
        of it: it may differ in `values` alone from one time to the next.
        """
        if limit <= 0:
            return []
        most = {
            "trusted": limit,
            "doubted": min(limit, self.suspect_slots),
            "suspected": self.quarantined_slots,
        }
        lease = {"holder": self.me.lease_name, "until": self.now + self.lease}
        claimed = await session.exec(_leased(wanted), params=self.values | most | lease | values)
        leads = claimed.scalars().all()
        doubted, suspected = count_suspects(lead.lost_leases for lead in leads)
        self.suspect_slots, self.quarantined_slots = (
            self.suspect_slots - doubted,
            self.quarantined_slots - suspected,
        )
        return leads

    @property
    def values(self) -> dict[str, object]:
        """Those of NOW and MINE."""
        return {"now": self.now, "mine": self.me.account_id}


@cache
def _leased(wanted: SelectOfScalar[Any]) -> Update:
    lost = case((col(Lead.leased_until).is_not(None), 1), else_=0)
    losses = col(Lead.lost_leases) + lost
    held = wanted.with_for_update(skip_locked=True)
    # CTEs: a LIMIT subquery may be re-run and claim too many.
    least_lost = held.order_by(None).order_by(losses, col(Lead.due_at))
    chosen = {
        "trusted": held.where(losses < SUSPECT_AFTER),
        "doubted": least_lost.where(losses >= SUSPECT_AFTER, losses < QUARANTINE_AFTER),
        "suspected": least_lost.where(losses >= QUARANTINE_AFTER),
    }
    some = [query.limit(bindparam(name, type_=BigInteger())).cte(name) for name, query in chosen.items()]
    return (
        update(Lead)
        # One list of them all: for several conditions PostgreSQL would read the whole table.
        .where(col(Lead.id).in_(union_all(*(select(few.c.id) for few in some))))
        .values(
            leased_by=bindparam("holder", type_=Text()),
            leased_until=bindparam("until", type_=UtcDateTime()),
            lost_leases=losses,
        )
        .returning(Lead)
        .execution_options(synchronize_session=False)
    )


def count_suspects(losses: Iterable[int]) -> tuple[int, int]:
    """How many of these counts of lost leases make a lead doubted, and how many suspected."""
    lost = [count for count in losses if count >= SUSPECT_AFTER]
    suspected = sum(count >= QUARANTINE_AFTER for count in lost)
    return len(lost) - suspected, suspected


def is_poison(lead: Lead, now: datetime) -> bool:
    """Whether a claimed lead is what its workers die of."""
    overdue = now - (lead.due_at or now)
    return lead.lost_leases >= POISON_AFTER and overdue >= POISON_FOR


async def claim(session: AsyncSession, claim: ClaimRequest, *, limit: int) -> Sequence[Lead]:
    """Take up to `limit` due leads of this account that are beyond their look-up, the longest due first.

    New ones are claimed by worker/outreach/new_leads.py: there the account's limits have a say.
    """
    leads = await claim.claim_from(session, _RUNNING, limit)
    return sorted(leads, key=lambda lead: (lead.due_at or claim.now, lead.id))


def due_conversations() -> list[ColumnElement[bool]]:
    """Due leads of this account that are beyond their look-up."""
    return [_is_running(), *claimable()]


def _is_running() -> ColumnElement[bool]:
    # Spelled out as in their index: a list of new ones that are due is not gone through first.
    return col(Lead.status) != literal_column("'pending'")


def claimable() -> list[ColumnElement[bool]]:
    """What this account may work on now."""
    return [
        col(Lead.due_at) <= P_NOW,
        or_(col(Lead.leased_until).is_(None), col(Lead.leased_until) <= P_NOW),
        or_(col(Lead.account_id).is_(None), col(Lead.account_id) == P_ACCOUNT),
    ]


_RUNNING = select(Lead.id).where(*due_conversations()).order_by(col(Lead.due_at), col(Lead.id))


async def lock_all(
    session: AsyncSession, me: WorkerId, ids: Collection[int], *, waits: bool
) -> Sequence[Lead]:
    """Lock those of the leads whose lease is ours, in the order of their ids; returns them as they are now.

    Without `waits`, leads that another transaction holds are left out. With `waits`, raises LostRaceError if
    one of the leads is gone or its lease is not ours.
    """
    statement = _HELD if waits else _FREE
    leads = (await session.exec(statement, params={"leads": list(ids), "holder": me.lease_name})).all()
    holders = {lead.id: lead.leased_by for lead in leads}
    for lead_id in ids if waits else ():
        if (holder := holders.get(lead_id, "nobody: it is gone")) != me.lease_name:
            raise LostRaceError(f"lead {lead_id} is worked on by {holder}")
    return leads


async def load_leased(session: AsyncSession, lead_ids: Collection[int], me: WorkerId) -> Sequence[Lead]:
    """Those of the leads that are still ours, as they are now."""
    found = await session.exec(_OURS, params={"leads": list(lead_ids), "holder": me.lease_name})
    return found.all()


_LEADS = select(Lead).where(col(Lead.id).in_(bindparam("leads", expanding=True)))
_OURS = _LEADS.where(col(Lead.leased_by) == bindparam("holder", type_=Text()))
_HELD, _FREE = (
    leads.order_by(col(Lead.id)).with_for_update(skip_locked=skips).execution_options(populate_existing=True)
    for leads, skips in ((_LEADS, False), (_OURS, True))
)


async def renew(session: AsyncSession, me: WorkerId, lead_ids: Collection[int], *, until: datetime) -> None:
    """Keep the leases of `lead_ids` while their work goes on."""
    # A row in somebody's hands is passed by until the next time: waiting for several could be for ever.
    free = (
        select(Lead.id)
        .where(col(Lead.id).in_(lead_ids), col(Lead.leased_by) == me.lease_name)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    await session.exec(
        update(Lead)
        .where(col(Lead.id).in_(select(free.c.id)))
        .values(leased_until=until)
        .execution_options(synchronize_session=False)
    )


async def release(session: AsyncSession, me: WorkerId, lead_ids: Collection[int]) -> None:
    """Give leads back untouched: the worker stops, which is no failure of theirs."""
    await session.exec(
        update(Lead)
        .where(col(Lead.id).in_(lead_ids), col(Lead.leased_by) == me.lease_name)
        .values(leased_by=None, leased_until=None)
        .execution_options(synchronize_session=False)
    )


async def release_unacknowledged(session: AsyncSession, me: WorkerId, in_hand: Collection[int]) -> None:
    """Give back what was claimed without our knowing: its commit arrived, but not the answer."""
    await session.exec(
        update(Lead)
        .where(col(Lead.leased_by) == me.lease_name, col(Lead.id).not_in(in_hand))
        .values(leased_by=None, leased_until=None)
        .execution_options(synchronize_session=False)
    )


async def retry_now(session: AsyncSession, me: WorkerId, *, now: datetime) -> None:
    """End the pauses of leads that wait for the model: its key and its address may be mended by now.

    What is queued keeps its time, which may be Telegram's word.
    """
    queued = exists().where(col(Message.lead_id) == col(Lead.id), col(Message.state) == "queued")
    await session.exec(
        update(Lead)
        .where(
            col(Lead.account_id) == me.account_id,
            col(Lead.due_at) > now,
            _is_running(),
            col(Lead.last_error).is_not(None),
            ~queued,
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


async def expire_previous_leases(session: AsyncSession, me: WorkerId, *, now: datetime) -> int:
    """End the leases of this account's earlier lives, which are over since we hold its session.

    They count as lost leases when claimed. Gives how many there were.
    """
    ended = await session.exec(
        update(Lead)
        .where(
            col(Lead.leased_by).startswith(f"account-{me.account_id}/", autoescape=True),
            col(Lead.leased_by) != me.lease_name,
            col(Lead.leased_until) > now,
        )
        .values(leased_until=now)
        .execution_options(synchronize_session=False)
    )
    return ended.rowcount


@dataclass(frozen=True)
class Backlog:
    """What waits for an account's worker: since when the longest due lead is due, and how many messages."""

    due_since: datetime | None
    outbox: int
    inbox: int


async def load_backlog(session: AsyncSession, account_id: int, *, now: datetime) -> Backlog:
    """What is due by now and not done, and what is queued or unanswered."""
    mine = or_(col(Lead.account_id).is_(None), col(Lead.account_id) == account_id)
    due = await session.exec(select(func.min(col(Lead.due_at))).where(col(Lead.due_at) <= now, mine))
    outbox, inbox = await count_pending_messages(session, col(Message.account_id) == account_id)
    return Backlog(due.one(), outbox, inbox)


async def count_pending_messages(session: AsyncSession, *which: ColumnElement[bool]) -> tuple[int, int]:
    """How many messages are queued and how many unanswered."""
    # Each by the index of what is in that state: among millions of messages these are few.
    queued, received = (
        select(func.count())
        .select_from(Message)
        .where(col(Message.state) == literal_column(f"'{state}'"), *which)
        .scalar_subquery()
        for state in ("queued", "received")
    )
    return (await session.exec(select(queued, received))).one()
