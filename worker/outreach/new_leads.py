"""The queries of new conversations: whose turn it is, and which account begins them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import product
from typing import Any

from sqlalchemy import ColumnElement, Text, bindparam, exists, func, update
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from shared.database.columns import UtcDateTime
from shared.database.models import Lead, TelegramAccount
from shared.statuses import LeadStatus
from worker.domain.outreach_policy import AHEAD, FRESH, LISTED, Limits, ahead, is_fresh
from worker.outreach import capacity
from worker.outreach.capacity import AccountCapacity, unreleased
from worker.queue import leases
from worker.queue.leases import P_ACCOUNT, ClaimRequest, WorkerId

MOST_AHEAD = 256
# So many are put off at once when the hours are over.
MOST_CLOSED = 500
# The account with most room has so long to take a new lead before the others may.
GRACE = timedelta(seconds=10)
NO_WAY = "waits: Telegram lets no account look anybody up this way yet"
CLOSED = "waits for OUTREACH_HOURS where the person is"
NO_ROOM = "waits for room: no account may begin another conversation yet"

# As queue.NOW and queue.MINE.
_FRESH_SINCE, _GRACE_SINCE, _SOON = (
    bindparam(name, type_=UtcDateTime()) for name in ("fresh_since", "grace_since", "soon")
)
_LIFE = bindparam("life", type_=Text())


def _values(me: WorkerId, now: datetime) -> dict[str, object]:
    moments = {"now": now, "fresh_since": now - FRESH, "grace_since": now - GRACE, "soon": now + AHEAD}
    return {"mine": me.account_id, "life": me.lease_name, **moments}


@dataclass(frozen=True)
class PreparationCount:
    """How many leads of a kind this account has in hand before their first message, and in a look-up."""

    number: int
    looked_up: int


@dataclass(frozen=True)
class InPreparation:
    """Those who have just sent the form, and the others."""

    fresh: PreparationCount
    cold: PreparationCount


@dataclass(frozen=True)
class DueSummary:
    """What is due at all: conversations that go on, people who have just sent the form, and other new ones.

    `next_lookup_at`: when the account may look somebody up, None = now. `prepared`: whom it is looking up
    or about to write to.
    """

    running: bool
    fresh: bool
    cold: bool
    next_lookup_at: datetime | None
    prepared: InPreparation


@dataclass(frozen=True)
class ClaimedNewLeads:
    """New leads in hand; `again`: when the next person may be looked up, if somebody waits for that."""

    leads: Sequence[Lead]
    retry_at: datetime | None = None


async def load_due_summary(session: AsyncSession, me: WorkerId, *, now: datetime) -> DueSummary:
    """One question in place of many that find nothing."""
    found = await session.exec(_DUE, params=_values(me, now))
    running, fresh, others, next_lookup_at, *counted = found.one()
    new, new_looked_up, every, every_looked_up = counted
    prepared = InPreparation(
        PreparationCount(new, new_looked_up), PreparationCount(every - new, every_looked_up - new_looked_up)
    )
    return DueSummary(running, fresh, others, next_lookup_at, prepared)


async def claim(
    session: AsyncSession, claim: ClaimRequest, limits: Limits, due: DueSummary, *, limit: int
) -> ClaimedNewLeads:
    """Take up to `limit` new leads that this account has room for.

    Who has just sent the form comes before all others, the last one first: they still sit there. Then the
    longest due. Few of each kind are prepared at a time, and while look-ups keep a distance nobody is
    taken before their turn: a long list is not gone through for nothing. What nobody has room for is put off.
    """
    me, now, gap = claim.me, claim.now, limits.lookup_gap
    if limit <= 0 or not (due.fresh or due.cold):
        return ClaimedNewLeads([])
    if gap and due.next_lookup_at and due.next_lookup_at > now:
        return ClaimedNewLeads([], due.next_lookup_at)
    rooms = await capacity.load_capacities(session, me, limits, now=now)
    leads: list[Lead] = []
    for is_due, fresh, most, ready in (
        (due.fresh, True, rooms[0].fresh, due.prepared.fresh),
        (due.cold, False, rooms[0].cold, due.prepared.cold),
    ):
        free = min(min(limit, most) - len(leads), ahead(limits.outreach_gap, MOST_AHEAD) - ready.number)
        if gap:
            free = min(free, 1 - ready.looked_up - len(leads))
        if is_due:
            leads += await claim.claim_from(session, _wanted(rooms, fresh=fresh), free, **_values(me, now))
    await _postpone_without_capacity(session, me, rooms, now=now)
    return ClaimedNewLeads(sorted(leads, key=lambda lead: _priority(lead, now)), now + gap if gap else None)


def _wanted(rooms: Sequence[AccountCapacity], *, fresh: bool) -> SelectOfScalar[Any]:
    """Leads whose person we can look for, and that are ours to begin."""
    mine, *others = rooms
    return _new(
        fresh=fresh,
        by_username=mine.no_usernames_until is None,
        by_phone=mine.no_phones_until is None,
        lets_others_go_first=any(other.cold > mine.cold for other in others),
    )


@cache
def _new(
    *, fresh: bool, by_username: bool, by_phone: bool, lets_others_go_first: bool
) -> SelectOfScalar[Any]:
    wanted = select(Lead.id).where(*_free(), _fresh() if fresh else ~_fresh())
    if not by_username:
        wanted = wanted.where(~_username_only())
    if not by_phone:
        wanted = wanted.where(~_phone_only())
    if lets_others_go_first:
        wanted = wanted.where(or_(col(Lead.account_id) == P_ACCOUNT, col(Lead.due_at) <= _GRACE_SINCE))
    if fresh:
        return wanted.order_by(col(Lead.created_at).desc(), col(Lead.id).desc())
    return wanted.order_by(col(Lead.due_at), col(Lead.id))


def _priority(lead: Lead, now: datetime) -> tuple[bool, float, int]:
    fresh = is_fresh(lead.source, lead.created_at, now)
    number = lead.id or 0
    if fresh:
        return False, -lead.created_at.timestamp(), -number
    return True, (lead.due_at or now).timestamp(), number


async def has_hot_leads_in_preparation(session: AsyncSession, me: WorkerId, *, now: datetime) -> bool:
    """Whether this account is about to write to somebody who has just sent the form."""
    return (await load_due_summary(session, me, now=now)).prepared.fresh.number > 0


async def postpone_outside_hours(
    session: AsyncSession, me: WorkerId, opens: Callable[[Lead, datetime], datetime | None], *, now: datetime
) -> None:
    """Put off, all at once, those who are due at an hour at which they are not written to.

    `opens`: when a lead's hours begin again, None if they last.
    """
    wanted = select(Lead).where(*_free(), ~_fresh()).limit(MOST_CLOSED)
    found = await session.exec(wanted, params=_values(me, now))
    closed: defaultdict[datetime, list[int | None]] = defaultdict(list)
    for lead in found.all():
        if (moment := opens(lead, now)) is not None:
            closed[moment].append(lead.id)
    for moment, ids in closed.items():
        await _wait(session, me, [col(Lead.id).in_(ids)], moment, CLOSED, now=now)


async def requeue_waiting_for_capacity(session: AsyncSession, *, now: datetime) -> None:
    """An account has come: what no other had room for is looked at anew."""
    await session.exec(
        update(Lead)
        .where(
            col(Lead.status) == LeadStatus.PENDING,
            col(Lead.leased_by).is_(None),
            col(Lead.due_at) > now,
            col(Lead.last_error).in_((NO_ROOM, NO_WAY)),
        )
        .values(due_at=now)
        .execution_options(synchronize_session=False)
    )


async def _postpone_without_capacity(
    session: AsyncSession, me: WorkerId, rooms: Sequence[AccountCapacity], *, now: datetime
) -> None:
    """What no account can begin waits until one may; what is ours alone waits for us."""
    kinds = ((_fresh, [room.fresh for room in rooms]), (_not_fresh, [room.cold for room in rooms]))
    ways: tuple[tuple[Callable[[], ColumnElement[bool]], list[datetime | None]], ...] = (
        (_username_only, [room.no_usernames_until for room in rooms]),
        (_phone_only, [room.no_phones_until for room in rooms]),
        (_either_way, [None] * len(rooms)),
    )
    for (is_kind, free), (has_way, closed) in product(kinds, ways):
        full = [None if left else room.retry_at for left, room in zip(free, rooms, strict=True)]
        until = [_later(*both) for both in zip(full, closed, strict=True)]
        if not any(until):
            continue
        reason = NO_ROOM if any(full) else NO_WAY
        which = [is_kind(), has_way()]
        if until[0] is not None:
            await _wait(session, me, [*which, col(Lead.account_id) == P_ACCOUNT], until[0], reason, now=now)
        known = [moment for moment in until if moment is not None]
        if len(known) == len(rooms):
            await _wait(session, me, which, min(known), reason, now=now)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)


async def _wait(
    session: AsyncSession,
    me: WorkerId,
    which: Sequence[ColumnElement[bool]],
    until: datetime,
    reason: str,
    *,
    now: datetime,
) -> None:
    """Put off those of `which` that are due."""
    await session.exec(
        update(Lead)
        .where(*_free(), *which)
        .values(due_at=until, last_error=reason)
        .execution_options(synchronize_session=False),
        params=_values(me, now),
    )


def _free() -> list[ColumnElement[bool]]:
    return [col(Lead.status) == LeadStatus.PENDING, *leases.claimable()]


def _fresh() -> ColumnElement[bool]:
    return and_(col(Lead.created_at) > _FRESH_SINCE, col(Lead.source) != LISTED)


def _not_fresh() -> ColumnElement[bool]:
    return ~_fresh()


def _username_only() -> ColumnElement[bool]:
    return and_(
        col(Lead.phone_e164).is_(None), col(Lead.username).is_not(None), col(Lead.username_error).is_(None)
    )


def _phone_only() -> ColumnElement[bool]:
    has_no_username = or_(col(Lead.username).is_(None), col(Lead.username_error).is_not(None))
    return and_(col(Lead.phone_e164).is_not(None), has_no_username)


def _either_way() -> ColumnElement[bool]:
    return and_(~_username_only(), ~_phone_only())


def _query_of_due() -> SelectOfScalar[Any]:
    found = and_(
        col(Lead.account_id) == P_ACCOUNT,
        col(Lead.status) == LeadStatus.RESOLVED,
        or_(col(Lead.leased_by) == _LIFE, col(Lead.due_at) <= _SOON),
        unreleased(),
    )
    looked_up = and_(col(Lead.leased_by) == _LIFE, col(Lead.status) == LeadStatus.PENDING)
    fresh, number = _fresh(), func.count()
    next_lookup_at = select(col(TelegramAccount.next_lookup_at)).where(col(TelegramAccount.id) == P_ACCOUNT)
    # As a list: SQLModel has types for no more than four.
    asked: list[Any] = [
        exists().where(*leases.due_conversations()),
        exists().where(*_free(), fresh),
        exists().where(*_free(), ~fresh),
        next_lookup_at.scalar_subquery(),
        *(number.filter(fresh), number.filter(fresh, looked_up)),
        *(number, number.filter(looked_up)),
    ]
    query: SelectOfScalar[Any] = select(*asked).select_from(Lead).where(or_(found, looked_up))
    return query


_DUE = _query_of_due()
