"""The queries of how many more conversations each account may begin now."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Text,
    bindparam,
    cast,
    exists,
    func,
    literal_column,
    null,
    union_all,
)
from sqlmodel import and_, col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from shared.database.columns import UtcDateTime
from shared.database.models import AccountCall, AccountHold, Lead, Message, TelegramAccount
from shared.statuses import LeadStatus
from worker.accounts import usage
from worker.domain.outreach_policy import AHEAD, DAY, Limits, cap_for
from worker.queue.leases import P_ACCOUNT, P_NOW, WorkerId

# A way of finding people that is closed for no longer than this is as good as open.
BRIEF = timedelta(minutes=10)
_UNLIMITED = 10**9

Held = dict[tuple[int, str], AccountHold]


@dataclass(frozen=True)
class AccountCapacity:
    """How many conversations an account may begin with the fresh and with others, and how it finds people.

    `again`: when to look again if it may begin none.
    """

    account_id: int
    fresh: int
    cold: int
    no_usernames_until: datetime | None
    no_phones_until: datetime | None
    retry_at: datetime


async def load_capacities(
    session: AsyncSession, me: WorkerId, limits: Limits, *, now: datetime
) -> Sequence[AccountCapacity]:
    """The room of each account that has a worker, ours first."""
    values = {"mine": me.account_id, "now": now}
    accounts: dict[int, TelegramAccount] = {}
    held: Held = {}
    for account, hold in await session.exec(_ACCOUNTS, params=values):
        accounts[account.id or 0] = account
        if hold is not None:
            held[hold.account_id, hold.method] = hold
    mine = accounts.pop(me.account_id)
    # What we may do today is for all to see; it grows in a warm-up.
    mine.outreach_limit = limits.cap(mine.created_at, now)
    used = await _used(session, now=now)
    rooms = [await _room(session, account, used, held, now=now) for account in (mine, *accounts.values())]
    mine.no_room_until = None if rooms[0].cold else rooms[0].retry_at
    return rooms


def unreleased() -> ColumnElement[bool]:
    """A lead whose first message has not been let go."""
    return ~exists().where(
        col(Message.lead_id) == Lead.id,
        col(Message.kind) == "greeting",
        col(Message.state) == "queued",
        col(Message.released_at).is_not(None),
    )


async def _used(session: AsyncSession, *, now: datetime) -> Counter[tuple[int, str]]:
    """What each account has used of its limits, with what it will use soon: by (account, method)."""
    used: Counter[tuple[int, str]] = Counter()
    for account, method, holder, number in await session.exec(_USED, params={"since": now - DAY}):
        used[account_of_lease(holder) if holder else account or 0, method] += number
    return used


def account_of_lease(holder: str) -> int:
    """The account in a lease's name, 0 if it is none of ours."""
    number = holder.removeprefix("account-").partition("/")[0]
    return int(number) if number.isdecimal() else 0


async def _no_usernames(
    session: AsyncSession, account: TelegramAccount, used: Counter[tuple[int, str]], *, now: datetime
) -> datetime | None:
    """Until when the account has looked up as many usernames as it may, if that is not over soon."""
    number, most = account.id or 0, account.resolve_limit
    if most is None or used[number, usage.RESOLVE_USERNAME] < most:
        return None
    frees = await usage.next_free_slot_at(session, number, usage.RESOLVE_USERNAME, most, now=now)
    return frees if frees and frees > now + BRIEF else None


async def _room(
    session: AsyncSession,
    account: TelegramAccount,
    used: Counter[tuple[int, str]],
    held: Held,
    *,
    now: datetime,
) -> AccountCapacity:
    number = account.id or 0

    def blocked(method: str, longer_than: timedelta = timedelta()) -> datetime | None:
        hold = held.get((number, method))
        return hold.until if hold and hold.until > now + longer_than else None

    cap = _UNLIMITED if account.outreach_limit is None else account.outreach_limit
    taken = used[number, usage.NEW_CONVERSATIONS]
    fresh, others = (max(0, cap_for(cap, fresh=kind) - taken) for kind in (True, False))
    again = now + AHEAD
    if others == 0:
        most = cap_for(cap, fresh=False)
        again = max(
            again,
            await usage.next_free_slot_at(session, number, usage.NEW_CONVERSATIONS, most, now=now) or now,
        )
    hold = held.get((number, usage.NEW_CONVERSATIONS))
    closed = [until for until in map(blocked, (usage.NEW_CONVERSATIONS, usage.SEND_MESSAGE)) if until]
    if closed:
        fresh, others, again = 0, 0, max(closed)
    elif hold is not None:
        # After a refusal one goes first.
        fresh, others = min(fresh, 1), min(others, 1)
    return AccountCapacity(
        number,
        fresh,
        others,
        no_usernames_until=await _no_usernames(session, account, used, now=now)
        or blocked(usage.RESOLVE_USERNAME, BRIEF),
        no_phones_until=blocked(usage.RESOLVE_PHONE, BRIEF),
        retry_at=again,
    )


def _query_of_accounts() -> Select[TelegramAccount, AccountHold]:
    """Ours and those which have a worker, with what Telegram asked each to leave alone."""
    live = and_(
        col(TelegramAccount.held_until) > P_NOW, col(TelegramAccount.state).in_(("active", "limited"))
    )
    return (
        select(TelegramAccount, AccountHold)
        .outerjoin(AccountHold, col(AccountHold.account_id) == col(TelegramAccount.id))
        .where(or_(col(TelegramAccount.id) == P_ACCOUNT, live))
    )


def _query_of_used() -> Select[int | None, str, str | None, int]:
    """Calls made, then those found and not yet written to, and those being looked up, by whoever does it."""
    new, nobody = literal_column(f"'{usage.NEW_CONVERSATIONS}'", Text()), cast(null(), Text())
    calls: Select[Any, Any, Any, Any] = (
        select(
            col(AccountCall.account_id).label("account"),
            col(AccountCall.method).label("method"),
            nobody.label("holder"),
            func.count().label("number"),
        )
        .where(col(AccountCall.at) > bindparam("since", type_=UtcDateTime()))
        .group_by(col(AccountCall.account_id), col(AccountCall.method))
    )
    found = (
        select(col(Lead.account_id), new, nobody, func.count())
        .where(col(Lead.status) == LeadStatus.RESOLVED, unreleased())
        .group_by(col(Lead.account_id))
    )
    looked_up = (
        select(cast(null(), BigInteger()), new, col(Lead.leased_by), func.count())
        .where(col(Lead.status) == LeadStatus.PENDING, col(Lead.leased_by).is_not(None))
        .group_by(col(Lead.leased_by))
    )
    used = union_all(calls, found, looked_up).subquery("used")
    return select(used.c.account, used.c.method, used.c.holder, used.c.number)


_ACCOUNTS = _query_of_accounts()
_USED = _query_of_used()
