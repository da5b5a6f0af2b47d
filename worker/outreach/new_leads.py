"""Queries of new leads: which ones to contact next, and from which account."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Text, bindparam, case, exists, func, update
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from shared.database.columns import UtcDateTime
from shared.database.models import LEADS, Lead, TelegramAccount
from shared.leads import contact_evidence
from shared.statuses import LeadStatus
from worker.domain.sending_limits import HOT_FOR, IMPORTED, PREPARE_AHEAD, Limits, is_hot, max_prepared
from worker.domain.wait_reasons import NO_CAPACITY, NO_LOOKUP_METHOD, OUTSIDE_HOURS
from worker.outreach import capacity
from worker.outreach.capacity import AccountCapacity, has_no_released_greeting
from worker.outreach.fair_order import FairOrder
from worker.queue import leases
from worker.queue.leases import P_ACCOUNT, ClaimRequest, WorkerId

MAX_PREPARED = 256
# At most this many leads are postponed at once when the hours of outreach end.
MAX_POSTPONED = 500
# The account with the most capacity may claim a new lead this long before the others may.
GRACE = timedelta(seconds=10)

_P_HOT_SINCE, _P_HOT_UNTIL, _P_GRACE_SINCE, _P_SOON = (
    bindparam(name, type_=UtcDateTime()) for name in ("hot_since", "hot_until", "grace_since", "soon")
)
_P_LEASE_NAME, _P_LONGEST = bindparam("lease_name", type_=Text()), bindparam("longest", type_=BigInteger())


def _values(me: WorkerId, now: datetime) -> dict[str, object]:
    since = {"hot_since": now - HOT_FOR, "hot_until": now + HOT_FOR, "grace_since": now - GRACE}
    moments = {"now": now, "soon": now + PREPARE_AHEAD, **since}
    return {"mine": me.account_id, "lease_name": me.lease_name, **moments}


@dataclass(frozen=True)
class PreparationCount:
    """How many leads of a kind this worker prepares before their first message; how many are in a look-up."""

    total: int
    in_lookup: int


@dataclass(frozen=True)
class InPreparation:
    """Leads that this worker prepares."""

    hot: PreparationCount
    cold: PreparationCount


@dataclass(frozen=True)
class DueSummary:
    """Which kinds of leads are due: conversations that go on (`running`), hot new leads, other new leads.

    `next_lookup_at`: when the account may make its next look-up (UTC); None: now.
    `prepared`: leads that this worker looks up or is about to write to.
    """

    running: bool
    hot: bool
    cold: bool
    next_lookup_at: datetime | None
    prepared: InPreparation


@dataclass(frozen=True)
class ClaimedNewLeads:
    """Claimed new leads; `retry_at`: when the next look-up is allowed, if a lead may wait for it."""

    leads: Sequence[Lead]
    retry_at: datetime | None = None


async def load_due_summary(session: AsyncSession, me: WorkerId, *, now: datetime) -> DueSummary:
    """Load what is due by one query, so that a poll with nothing due needs no other."""
    found = await session.exec(_DUE, params=_values(me, now))
    running, hot, cold, next_lookup_at, *counts = found.one()
    hot_total, hot_in_lookup, total, in_lookup = counts
    prepared = InPreparation(
        PreparationCount(hot_total, hot_in_lookup),
        PreparationCount(total - hot_total, in_lookup - hot_in_lookup),
    )
    return DueSummary(running, hot, cold, next_lookup_at, prepared)


async def claim(
    session: AsyncSession,
    claim: ClaimRequest,
    limits: Limits,
    due: DueSummary,
    *,
    limit: int,
    fair_order: FairOrder | None = None,
) -> ClaimedNewLeads:
    """Claim up to `limit` new leads within this account's capacity.

    Order: leads submitted in the last 15 minutes, newest first, but `fair_order` gives some places to those
    that wait longest; then by due time. Only a few of each kind are prepared at a time. If look-ups keep a
    gap, no lead is claimed before its look-up is allowed. Leads without capacity wait until it is there.
    """
    me, now, gap = claim.me, claim.now, limits.lookup_gap
    if limit <= 0 or not (due.hot or due.cold):
        return ClaimedNewLeads([])
    if gap and due.next_lookup_at and due.next_lookup_at > now:
        return ClaimedNewLeads([], due.next_lookup_at)
    own, *others = await capacity.load_capacities(session, me, limits, now=now)
    leads: list[Lead] = []
    for is_due, hot, free_slots, prepared in (
        (due.hot, True, own.hot, due.prepared.hot),
        (due.cold, False, own.cold, due.prepared.cold),
    ):
        unprepared = max_prepared(limits.outreach_gap, MAX_PREPARED) - prepared.total
        number = min(min(limit, free_slots) - len(leads), unprepared)
        if gap:
            number = min(number, 1 - prepared.in_lookup - len(leads))
        if is_due:
            longest = fair_order.of_longest_waiting(number) if fair_order and hot else 0
            query = _new_leads_query(
                hot=hot,
                by_username=own.no_usernames_until is None,
                by_phone=own.no_phones_until is None,
                lets_others_go_first=any(other.cold > own.cold for other in others),
                some_longest_waiting=longest > 0,
            )
            leads += await claim.claim_from(session, query, number, longest=longest, **_values(me, now))
        if fair_order and hot:
            fair_order.claimed(len(leads))
    await _postpone_without_capacity(session, me, [own, *others], now=now)
    return ClaimedNewLeads(sorted(leads, key=lambda lead: _priority(lead, now)), now + gap if gap else None)


@cache
def _new_leads_query(
    *, hot: bool, by_username: bool, by_phone: bool, lets_others_go_first: bool, some_longest_waiting: bool
) -> SelectOfScalar[Any]:
    """Query the ids of new leads that this account can look up and may contact, in the order of claiming."""
    wanted = select(Lead.id).where(*_claimable(), _is_hot() if hot else ~_is_hot())
    if not by_username:
        wanted = wanted.where(~contact_evidence.looked_up_by_username_only())
    if not by_phone:
        wanted = wanted.where(~contact_evidence.looked_up_by_phone_only())
    if lets_others_go_first:
        wanted = wanted.where(or_(col(Lead.account_id) == P_ACCOUNT, col(Lead.due_at) <= _P_GRACE_SINCE))
    if some_longest_waiting:
        longest = wanted.order_by(col(Lead.created_at), col(Lead.id)).limit(_P_LONGEST)
        wanted = wanted.order_by(case((col(Lead.id).in_(longest), 0), else_=1))
    if hot:
        return wanted.order_by(col(Lead.created_at).desc(), col(Lead.id).desc())
    return wanted.order_by(col(Lead.due_at), col(Lead.id))


def _priority(lead: Lead, now: datetime) -> tuple[bool, float, int]:
    """Return a sort key for the order of `claim`."""
    number = lead.id
    if is_hot(lead.source, lead.created_at, now):
        return False, -lead.created_at.timestamp(), -number
    return True, (lead.due_at or now).timestamp(), number


async def has_hot_leads_in_preparation(session: AsyncSession, me: WorkerId, *, now: datetime) -> bool:
    """Return True if this worker is about to write to a hot lead."""
    return (await load_due_summary(session, me, now=now)).prepared.hot.total > 0


async def postpone_outside_hours(
    session: AsyncSession, me: WorkerId, opens: Callable[[Lead, datetime], datetime | None], *, now: datetime
) -> None:
    """Postpone, all at once, the cold leads that are due outside their hours of outreach.

    `opens`: returns when a lead's hours begin next (UTC), or None if they are open now.
    """
    wanted = select(Lead).where(*_claimable(), ~_is_hot()).limit(MAX_POSTPONED)
    found = await session.exec(wanted, params=_values(me, now))
    by_opening: defaultdict[datetime, list[int | None]] = defaultdict(list)
    for lead in found.all():
        if (opening := opens(lead, now)) is not None:
            by_opening[opening].append(lead.id)
    for opening, ids in by_opening.items():
        await _postpone(session, me, [LEADS.c.id.in_(ids)], opening, OUTSIDE_HOURS, now=now)


async def requeue_waiting_for_capacity(session: AsyncSession, *, now: datetime) -> None:
    """Make all leads due that wait for capacity or for their hours; called when an account has connected.

    Also those without a reason: a new lead is due at once, unless a wrong clock has stored it.
    """
    await session.exec(
        update(LEADS)
        .where(
            LEADS.c.status == LeadStatus.PENDING,
            LEADS.c.leased_by.is_(None),
            LEADS.c.due_at > now,
            or_(
                LEADS.c.last_error.is_(None),
                LEADS.c.last_error.in_((NO_CAPACITY, NO_LOOKUP_METHOD, OUTSIDE_HOURS)),
            ),
        )
        .values(due_at=now)
    )


async def _postpone_without_capacity(
    session: AsyncSession, me: WorkerId, capacities: Sequence[AccountCapacity], *, now: datetime
) -> None:
    """Postpone leads until an account can contact them; a lead bound to this account waits for it alone."""
    kinds = ((_is_hot, [each.hot for each in capacities]), (_is_cold, [each.cold for each in capacities]))
    methods: tuple[tuple[Callable[[], ColumnElement[bool]], list[datetime | None]], ...] = (
        (contact_evidence.looked_up_by_username_only, [each.no_usernames_until for each in capacities]),
        (contact_evidence.looked_up_by_phone_only, [each.no_phones_until for each in capacities]),
        (_either_method, [None] * len(capacities)),
    )
    for (is_kind, free_slots), (has_method, held_until) in product(kinds, methods):
        slots = zip(free_slots, capacities, strict=True)
        full_until = [None if free else each.retry_at for free, each in slots]
        until = [_later(*both) for both in zip(full_until, held_until, strict=True)]
        if not any(until):
            continue
        reason = NO_CAPACITY if any(full_until) else NO_LOOKUP_METHOD
        which = [is_kind(), has_method()]
        if until[0] is not None:
            own = [*which, LEADS.c.account_id == P_ACCOUNT]
            await _postpone(session, me, own, until[0], reason, now=now)
        known = [moment for moment in until if moment is not None]
        if len(known) == len(capacities):
            await _postpone(session, me, which, min(known), reason, now=now)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)


async def _postpone(
    session: AsyncSession,
    me: WorkerId,
    which: Sequence[ColumnElement[bool]],
    until: datetime,
    reason: str,
    *,
    now: datetime,
) -> None:
    """Postpone claimable leads that match `which`; `reason` is stored in `last_error`."""
    await session.exec(
        update(LEADS).where(*_claimable(), *which).values(due_at=until, last_error=reason),
        params=_values(me, now),
    )


def _claimable() -> list[ColumnElement[bool]]:
    return [col(Lead.status) == LeadStatus.PENDING, *leases.claimable()]


def _is_hot() -> ColumnElement[bool]:
    return and_(
        col(Lead.created_at) > _P_HOT_SINCE, col(Lead.created_at) < _P_HOT_UNTIL, col(Lead.source) != IMPORTED
    )


def _is_cold() -> ColumnElement[bool]:
    return ~_is_hot()


def _either_method() -> ColumnElement[bool]:
    return and_(~contact_evidence.looked_up_by_username_only(), ~contact_evidence.looked_up_by_phone_only())


def _due_query() -> SelectOfScalar[Any]:
    resolved = and_(
        col(Lead.account_id) == P_ACCOUNT,
        col(Lead.status) == LeadStatus.RESOLVED,
        or_(col(Lead.leased_by) == _P_LEASE_NAME, col(Lead.due_at) <= _P_SOON),
        has_no_released_greeting(),
    )
    in_lookup = and_(col(Lead.leased_by) == _P_LEASE_NAME, col(Lead.status) == LeadStatus.PENDING)
    hot, count = _is_hot(), func.count()
    next_lookup_at = select(col(TelegramAccount.next_lookup_at)).where(col(TelegramAccount.id) == P_ACCOUNT)
    # As a list: SQLModel's `select` is typed for at most four columns.
    selected: list[Any] = [
        exists().where(*leases.due_conversations()),
        exists().where(*_claimable(), hot),
        exists().where(*_claimable(), ~hot),
        next_lookup_at.scalar_subquery(),
        *(count.filter(hot), count.filter(hot, in_lookup)),
        *(count, count.filter(in_lookup)),
    ]
    query: SelectOfScalar[Any] = select(*selected).select_from(Lead).where(or_(resolved, in_lookup))
    return query


_DUE = _due_query()
