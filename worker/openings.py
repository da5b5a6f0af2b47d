"""The queries of new conversations: whose turn it is, and which account begins them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product

from sqlalchemy import ColumnElement, exists, func, update
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.models import Lead, TelegramAccount
from shared.status import LeadStatus
from worker import room
from worker.outreach import AHEAD, FRESH, LISTED, Limits, ahead, is_fresh
from worker.queue import Claim, Me
from worker.room import Room, unreleased

MOST_AHEAD = 128
# So many are put off at once when the hours are over.
MOST_CLOSED = 500
# The account with most room has so long to take a new lead before the others may.
GRACE = timedelta(seconds=10)
NO_WAY = "waits: Telegram lets no account look anybody up this way yet"
CLOSED = "waits for OUTREACH_HOURS where the person is"
NO_ROOM = "waits for room: no account may begin another conversation yet"


@dataclass(frozen=True)
class Opened:
    """New leads in hand; `again`: when the next person may be looked up, if somebody waits for that."""

    leads: Sequence[Lead]
    again: datetime | None = None


async def claim(session: AsyncSession, claim: Claim, limits: Limits, *, limit: int) -> Opened:
    """Take up to `limit` new leads that this account has room for.

    Who has just sent the form comes before all others, the last one first: they still sit there. Then the
    longest due. Few of each kind are prepared at a time, and while look-ups keep a distance nobody is
    taken before their turn: a long list is not gone through for nothing. What nobody has room for is put off.
    """
    me, now, gap = claim.me, claim.now, limits.lookup_gap
    turn = await _look(session, me, now=now) if limit > 0 else None
    if turn is None:
        return Opened([])
    if gap and turn > now:
        return Opened([], turn)
    rooms = await room.look(session, me, limits, now=now)
    prepared = await _prepared(session, me, now=now)
    leads: list[Lead] = []
    for kind, order, most, ready in (
        (_fresh(now), (col(Lead.created_at).desc(), col(Lead.id).desc()), rooms[0].fresh, prepared.fresh),
        (~_fresh(now), (col(Lead.due_at), col(Lead.id)), rooms[0].others, prepared.others),
    ):
        free = min(min(limit, most) - len(leads), ahead(limits.outreach_gap, MOST_AHEAD) - ready.number)
        if gap:
            free = min(free, 1 - ready.looked_up - len(leads))
        wanted = select(Lead.id).where(*_due(me, now), *_fits(me, rooms, now), kind).order_by(*order)
        leads += await claim.take(session, wanted, free)
    await _put_off(session, me, rooms, now=now)
    return Opened(sorted(leads, key=lambda lead: _turn(lead, now)), now + gap if gap else None)


async def _look(session: AsyncSession, me: Me, *, now: datetime) -> datetime | None:
    """When the account's next look-up may be, if there is any new lead that is due."""
    found = await session.exec(
        select(col(TelegramAccount.id), col(TelegramAccount.next_lookup_at)).where(
            col(TelegramAccount.id) == me.account_id, exists().where(*_due(me, now))
        )
    )
    account = found.first()
    return None if account is None else account[1] or now


def _fits(me: Me, rooms: Sequence[Room], now: datetime) -> list[ColumnElement[bool]]:
    """Leads whose person we can look for, and that are ours to begin."""
    fits = _ways(rooms[0])
    if any(other.others > rooms[0].others for other in rooms[1:]):
        fits.append(or_(col(Lead.account_id) == me.account_id, col(Lead.due_at) <= now - GRACE))
    return fits


def _turn(lead: Lead, now: datetime) -> tuple[bool, float, int]:
    fresh = is_fresh(lead.source, lead.created_at, now)
    number = lead.id or 0
    if fresh:
        return False, -lead.created_at.timestamp(), -number
    return True, (lead.due_at or now).timestamp(), number


async def fresh_are_coming(session: AsyncSession, me: Me, *, now: datetime) -> bool:
    """Whether this account is about to write to somebody who has just sent the form."""
    return (await _prepared(session, me, now=now)).fresh.number > 0


async def close(
    session: AsyncSession, me: Me, opens: Callable[[Lead, datetime], datetime | None], *, now: datetime
) -> None:
    """Put off, all at once, those who are due at an hour at which they are not written to.

    `opens`: when a lead's hours begin again, None if they last.
    """
    found = await session.exec(select(Lead).where(*_due(me, now), ~_fresh(now)).limit(MOST_CLOSED))
    closed: defaultdict[datetime, list[int | None]] = defaultdict(list)
    for lead in found.all():
        if (moment := opens(lead, now)) is not None:
            closed[moment].append(lead.id)
    for moment, ids in closed.items():
        await _wait(session, [col(Lead.id).in_(ids), *_due(me, now)], moment, CLOSED)


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


async def _prepared(session: AsyncSession, me: Me, *, now: datetime) -> Prepared:
    """Whom this account is looking up or about to write to."""
    found = and_(
        col(Lead.account_id) == me.account_id,
        col(Lead.status) == LeadStatus.RESOLVED,
        or_(col(Lead.leased_by) == me.name, col(Lead.due_at) <= now + AHEAD),
        unreleased(),
    )
    looked_up = and_(col(Lead.leased_by) == me.name, col(Lead.status) == LeadStatus.PENDING)
    fresh, number = _fresh(now), func.count()
    counted = await session.exec(
        select(number.filter(fresh), number.filter(fresh, looked_up), number, number.filter(looked_up))
        .select_from(Lead)
        .where(or_(found, looked_up))
    )
    new, new_looked_up, every, every_looked_up = counted.one()
    return Prepared(Ready(new, new_looked_up), Ready(every - new, every_looked_up - new_looked_up))


async def _put_off(session: AsyncSession, me: Me, rooms: Sequence[Room], *, now: datetime) -> None:
    """What no account can begin waits until one may; what is ours alone waits for us."""
    kinds: list[tuple[ColumnElement[bool], list[int]]] = [
        (_fresh(now), [room.fresh for room in rooms]),
        (~_fresh(now), [room.others for room in rooms]),
    ]
    ways: list[tuple[ColumnElement[bool], list[datetime | None]]] = [
        (_username_only(), [room.no_usernames_until for room in rooms]),
        (_phone_only(), [room.no_phones_until for room in rooms]),
        (and_(~_username_only(), ~_phone_only()), [None] * len(rooms)),
    ]
    for (is_kind, free), (has_way, closed) in product(kinds, ways):
        full = [None if left else room.again for left, room in zip(free, rooms, strict=True)]
        until = [_later(*both) for both in zip(full, closed, strict=True)]
        reason = NO_ROOM if any(full) else NO_WAY
        which = [*_due(me, now), is_kind, has_way]
        if until[0] is not None:
            await _wait(session, [*which, col(Lead.account_id) == me.account_id], until[0], reason)
        known = [moment for moment in until if moment is not None]
        if len(known) == len(rooms):
            await _wait(session, which, min(known), reason)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)


async def _wait(
    session: AsyncSession, which: Sequence[ColumnElement[bool]], until: datetime, reason: str
) -> None:
    await session.exec(
        update(Lead)
        .where(*which)
        .values(due_at=until, last_error=reason)
        .execution_options(synchronize_session=False)
    )


def _due(me: Me, now: datetime) -> list[ColumnElement[bool]]:
    return [
        col(Lead.status) == LeadStatus.PENDING,
        col(Lead.due_at) <= now,
        or_(col(Lead.leased_until).is_(None), col(Lead.leased_until) <= now),
        or_(col(Lead.account_id).is_(None), col(Lead.account_id) == me.account_id),
    ]


def _fresh(now: datetime) -> ColumnElement[bool]:
    return and_(col(Lead.created_at) > now - FRESH, col(Lead.source) != LISTED)


def _username_only() -> ColumnElement[bool]:
    return and_(
        col(Lead.phone_e164).is_(None), col(Lead.username).is_not(None), col(Lead.username_error).is_(None)
    )


def _phone_only() -> ColumnElement[bool]:
    has_no_username = or_(col(Lead.username).is_(None), col(Lead.username_error).is_not(None))
    return and_(col(Lead.phone_e164).is_not(None), has_no_username)


def _ways(mine: Room) -> list[ColumnElement[bool]]:
    """Leads whose person this account can look for."""
    closed = [(mine.no_usernames_until, _username_only()), (mine.no_phones_until, _phone_only())]
    return [~only for until, only in closed if until is not None]
