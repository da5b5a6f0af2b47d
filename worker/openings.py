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

from shared.columns import UtcDateTime
from shared.models import Lead, TelegramAccount
from shared.status import LeadStatus
from worker import queue, room
from worker.outreach import AHEAD, FRESH, LISTED, Limits, ahead, is_fresh
from worker.queue import MINE, Claim, Me
from worker.room import Room, unreleased

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


def _values(me: Me, now: datetime) -> dict[str, object]:
    moments = {"now": now, "fresh_since": now - FRESH, "grace_since": now - GRACE, "soon": now + AHEAD}
    return {"mine": me.account_id, "life": me.name, **moments}


@dataclass(frozen=True)
class Ready:
    """How many leads of a kind this account has in hand before their first message, and in a look-up."""

    number: int
    looked_up: int


@dataclass(frozen=True)
class Prepared:
    """Those who have just sent the form, and the others."""

    fresh: Ready
    others: Ready


@dataclass(frozen=True)
class Due:
    """What is due at all: conversations that go on, people who have just sent the form, and other new ones.

    `next_lookup_at`: when the account may look somebody up, None = now. `prepared`: whom it is looking up
    or about to write to.
    """

    running: bool
    fresh: bool
    others: bool
    next_lookup_at: datetime | None
    prepared: Prepared


@dataclass(frozen=True)
class Opened:
    """New leads in hand; `again`: when the next person may be looked up, if somebody waits for that."""

    leads: Sequence[Lead]
    again: datetime | None = None


async def due(session: AsyncSession, me: Me, *, now: datetime) -> Due:
    """One question in place of many that find nothing."""
    found = await session.exec(_DUE, params=_values(me, now))
    running, fresh, others, next_lookup_at, *counted = found.one()
    new, new_looked_up, every, every_looked_up = counted
    prepared = Prepared(Ready(new, new_looked_up), Ready(every - new, every_looked_up - new_looked_up))
    return Due(running, fresh, others, next_lookup_at, prepared)


async def claim(session: AsyncSession, claim: Claim, limits: Limits, due: Due, *, limit: int) -> Opened:
    """Take up to `limit` new leads that this account has room for.

    Who has just sent the form comes before all others, the last one first: they still sit there. Then the
    longest due. Few of each kind are prepared at a time, and while look-ups keep a distance nobody is
    taken before their turn: a long list is not gone through for nothing. What nobody has room for is put off.
    """
    me, now, gap = claim.me, claim.now, limits.lookup_gap
    if limit <= 0 or not (due.fresh or due.others):
        return Opened([])
    if gap and due.next_lookup_at and due.next_lookup_at > now:
        return Opened([], due.next_lookup_at)
    rooms = await room.look(session, me, limits, now=now)
    leads: list[Lead] = []
    for is_due, fresh, most, ready in (
        (due.fresh, True, rooms[0].fresh, due.prepared.fresh),
        (due.others, False, rooms[0].others, due.prepared.others),
    ):
        free = min(min(limit, most) - len(leads), ahead(limits.outreach_gap, MOST_AHEAD) - ready.number)
        if gap:
            free = min(free, 1 - ready.looked_up - len(leads))
        if is_due:
            leads += await claim.take(session, _wanted(rooms, fresh=fresh), free, **_values(me, now))
    await _put_off(session, me, rooms, now=now)
    return Opened(sorted(leads, key=lambda lead: _turn(lead, now)), now + gap if gap else None)


def _wanted(rooms: Sequence[Room], *, fresh: bool) -> SelectOfScalar[Any]:
    """Leads whose person we can look for, and that are ours to begin."""
    mine, *others = rooms
    return _new(
        fresh=fresh,
        by_username=mine.no_usernames_until is None,
        by_phone=mine.no_phones_until is None,
        lets_others_go_first=any(other.others > mine.others for other in others),
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
        wanted = wanted.where(or_(col(Lead.account_id) == MINE, col(Lead.due_at) <= _GRACE_SINCE))
    if fresh:
        return wanted.order_by(col(Lead.created_at).desc(), col(Lead.id).desc())
    return wanted.order_by(col(Lead.due_at), col(Lead.id))


def _turn(lead: Lead, now: datetime) -> tuple[bool, float, int]:
    fresh = is_fresh(lead.source, lead.created_at, now)
    number = lead.id or 0
    if fresh:
        return False, -lead.created_at.timestamp(), -number
    return True, (lead.due_at or now).timestamp(), number


async def fresh_are_coming(session: AsyncSession, me: Me, *, now: datetime) -> bool:
    """Whether this account is about to write to somebody who has just sent the form."""
    return (await due(session, me, now=now)).prepared.fresh.number > 0


async def close(
    session: AsyncSession, me: Me, opens: Callable[[Lead, datetime], datetime | None], *, now: datetime
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


async def look_again(session: AsyncSession, *, now: datetime) -> None:
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


async def _put_off(session: AsyncSession, me: Me, rooms: Sequence[Room], *, now: datetime) -> None:
    """What no account can begin waits until one may; what is ours alone waits for us."""
    kinds = ((_fresh, [room.fresh for room in rooms]), (_not_fresh, [room.others for room in rooms]))
    ways: tuple[tuple[Callable[[], ColumnElement[bool]], list[datetime | None]], ...] = (
        (_username_only, [room.no_usernames_until for room in rooms]),
        (_phone_only, [room.no_phones_until for room in rooms]),
        (_either_way, [None] * len(rooms)),
    )
    for (is_kind, free), (has_way, closed) in product(kinds, ways):
        full = [None if left else room.again for left, room in zip(free, rooms, strict=True)]
        until = [_later(*both) for both in zip(full, closed, strict=True)]
        if not any(until):
            continue
        reason = NO_ROOM if any(full) else NO_WAY
        which = [is_kind(), has_way()]
        if until[0] is not None:
            await _wait(session, me, [*which, col(Lead.account_id) == MINE], until[0], reason, now=now)
        known = [moment for moment in until if moment is not None]
        if len(known) == len(rooms):
            await _wait(session, me, which, min(known), reason, now=now)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)


async def _wait(
    session: AsyncSession,
    me: Me,
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
    return [col(Lead.status) == LeadStatus.PENDING, *queue.free_and_due()]


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
        col(Lead.account_id) == MINE,
        col(Lead.status) == LeadStatus.RESOLVED,
        or_(col(Lead.leased_by) == _LIFE, col(Lead.due_at) <= _SOON),
        unreleased(),
    )
    looked_up = and_(col(Lead.leased_by) == _LIFE, col(Lead.status) == LeadStatus.PENDING)
    fresh, number = _fresh(), func.count()
    next_lookup_at = select(col(TelegramAccount.next_lookup_at)).where(col(TelegramAccount.id) == MINE)
    # As a list: SQLModel has types for no more than four.
    asked: list[Any] = [
        exists().where(*queue.running()),
        exists().where(*_free(), fresh),
        exists().where(*_free(), ~fresh),
        next_lookup_at.scalar_subquery(),
        *(number.filter(fresh), number.filter(fresh, looked_up)),
        *(number, number.filter(looked_up)),
    ]
    query: SelectOfScalar[Any] = select(*asked).select_from(Lead).where(or_(found, looked_up))
    return query


_DUE = _query_of_due()
