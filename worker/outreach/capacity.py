"""Queries of the capacity of each account: how many more conversations it may begin now."""

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
from worker.domain.sending_limits import DAY, PREPARE_AHEAD, Limits, cap_for
from worker.queue.leases import P_ACCOUNT, P_NOW, WorkerId

# A look-up method that is held for no longer than this counts as available.
NEGLIGIBLE_HOLD = timedelta(minutes=10)
_UNLIMITED = 10**9

# By (account id, method).
Holds = dict[tuple[int, str], AccountHold]


@dataclass(frozen=True)
class AccountCapacity:
    """How many conversations an account may begin with hot and with cold leads, and how it may look them up.

    `retry_at`: when to check the capacity again if it is used up (UTC).
    """

    account_id: int
    hot: int
    cold: int
    no_usernames_until: datetime | None
    no_phones_until: datetime | None
    retry_at: datetime


async def load_capacities(
    session: AsyncSession, me: WorkerId, limits: Limits, *, now: datetime
) -> Sequence[AccountCapacity]:
    """Return the capacity of each account that has a worker, this worker's account first."""
    accounts: dict[int, TelegramAccount] = {}
    holds: Holds = {}
    for account, hold in await session.exec(_ACCOUNTS, params={"mine": me.account_id, "now": now}):
        accounts[account.id] = account
        if hold is not None:
            holds[hold.account_id, hold.method] = hold
    own = accounts.pop(me.account_id)
    # Stored, because the workers of other accounts read it. It grows during warm-up.
    own.outreach_limit = limits.outreach_cap(own.created_at, now)
    used = await _count_used(session, now=now)
    capacities = [
        await _capacity_of(session, account, used, holds, now=now) for account in (own, *accounts.values())
    ]
    own.no_room_until = None if capacities[0].cold else capacities[0].retry_at
    return capacities


def has_no_released_greeting() -> ColumnElement[bool]:
    """A condition: the lead has no greeting that is released for sending and still queued."""
    return ~exists().where(
        col(Message.lead_id) == Lead.id,
        col(Message.kind) == "greeting",
        col(Message.state) == "queued",
        col(Message.released_at).is_not(None),
    )


async def _count_used(session: AsyncSession, *, now: datetime) -> Counter[tuple[int, str]]:
    """Count what each account has used of its limits, or is about to use, by (account id, method)."""
    used: Counter[tuple[int, str]] = Counter()
    for account, method, holder, count in await session.exec(_USED, params={"since": now - DAY}):
        used[account_of_lease(holder) if holder else account or 0, method] += count
    return used


def account_of_lease(holder: str) -> int:
    """Return the account id in the name of a lease's holder (`account-1/…`); 0 if there is none."""
    number = holder.removeprefix("account-").partition("/")[0]
    return int(number) if number.isdecimal() else 0


async def _no_usernames_until(
    session: AsyncSession, account: TelegramAccount, used: Counter[tuple[int, str]], *, now: datetime
) -> datetime | None:
    """Return until when no look-up by username is left; None if one is left, or will be soon."""
    account_id, limit = account.id, account.resolve_limit
    if limit is None or used[account_id, usage.RESOLVE_USERNAME] < limit:
        return None
    free_at = await usage.next_free_slot_at(session, account_id, usage.RESOLVE_USERNAME, limit, now=now)
    return free_at if free_at and free_at > now + NEGLIGIBLE_HOLD else None


async def _capacity_of(
    session: AsyncSession,
    account: TelegramAccount,
    used: Counter[tuple[int, str]],
    holds: Holds,
    *,
    now: datetime,
) -> AccountCapacity:
    account_id = account.id

    def held_until(method: str, longer_than: timedelta = timedelta()) -> datetime | None:
        hold = holds.get((account_id, method))
        return hold.until if hold and hold.until > now + longer_than else None

    cap = _UNLIMITED if account.outreach_limit is None else account.outreach_limit
    begun = used[account_id, usage.NEW_CONVERSATIONS]
    hot, cold = (max(0, cap_for(cap, hot=is_hot) - begun) for is_hot in (True, False))
    retry_at = now + PREPARE_AHEAD
    if cold == 0:
        limit = cap_for(cap, hot=False)
        free_at = await usage.next_free_slot_at(session, account_id, usage.NEW_CONVERSATIONS, limit, now=now)
        retry_at = max(retry_at, free_at or now)
    hold = holds.get((account_id, usage.NEW_CONVERSATIONS))
    blocked = [until for until in map(held_until, (usage.NEW_CONVERSATIONS, usage.SEND_MESSAGE)) if until]
    if blocked:
        hot, cold, retry_at = 0, 0, max(blocked)
    elif hold is not None:
        # After a PEER_FLOOD one first message is sent as a probe.
        hot, cold = min(hot, 1), min(cold, 1)
    return AccountCapacity(
        account_id,
        hot,
        cold,
        no_usernames_until=await _no_usernames_until(session, account, used, now=now)
        or held_until(usage.RESOLVE_USERNAME, NEGLIGIBLE_HOLD),
        no_phones_until=held_until(usage.RESOLVE_PHONE, NEGLIGIBLE_HOLD),
        retry_at=retry_at,
    )


def _accounts_query() -> Select[TelegramAccount, AccountHold]:
    """This worker's account and those that have a worker, each with its holds."""
    has_worker = and_(
        col(TelegramAccount.held_until) > P_NOW, col(TelegramAccount.state).in_(("active", "limited"))
    )
    return (
        select(TelegramAccount, AccountHold)
        .outerjoin(AccountHold, col(AccountHold.account_id) == col(TelegramAccount.id))
        .where(or_(col(TelegramAccount.id) == P_ACCOUNT, has_worker))
    )


def _used_query() -> Select[int | None, str, str | None, int]:
    """Count the calls made, the resolved leads not yet written to, and the leads in a look-up.

    The first two are counted by account, the third by lease holder.
    """
    new_conversation, no_holder = literal_column(f"'{usage.NEW_CONVERSATIONS}'", Text()), cast(null(), Text())
    calls: Select[Any, Any, Any, Any] = (
        select(
            col(AccountCall.account_id).label("account"),
            col(AccountCall.method).label("method"),
            no_holder.label("holder"),
            func.count().label("count"),
        )
        .where(col(AccountCall.at) > bindparam("since", type_=UtcDateTime()))
        .group_by(col(AccountCall.account_id), col(AccountCall.method))
    )
    resolved = (
        select(col(Lead.account_id), new_conversation, no_holder, func.count())
        .where(col(Lead.status) == LeadStatus.RESOLVED, has_no_released_greeting())
        .group_by(col(Lead.account_id))
    )
    in_lookup = (
        select(cast(null(), BigInteger()), new_conversation, col(Lead.leased_by), func.count())
        .where(col(Lead.status) == LeadStatus.PENDING, col(Lead.leased_by).is_not(None))
        .group_by(col(Lead.leased_by))
    )
    used = union_all(calls, resolved, in_lookup).subquery("used")
    return select(used.c.account, used.c.method, used.c.holder, used.c["count"])


_ACCOUNTS = _accounts_query()
_USED = _used_query()
