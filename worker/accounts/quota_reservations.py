"""Quota slots of an account: first messages and look-ups within its gaps and its rolling 24-hour limits."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_all
from shared.database.models import CALLS, TelegramAccount
from worker.accounts import flood_waits, usage
from worker.domain.sending_limits import DAY, PROBE_INTERVAL, Limits, cap_for, gap_with_jitter


async def reserve_conversations(
    session: AsyncSession,
    account_id: int,
    limits: Limits,
    hot: Sequence[bool],
    *,
    now: datetime,
    chance: Callable[[], float],
) -> Sequence[datetime | None]:
    """Reserve quota slots for first messages, one for each item of `hot` (True: a hot lead).

    Returns, for each, None if the slot is reserved, or else when to ask again (UTC).
    `chance` returns a random number from 0 to 1, which lengthens the gap after a message.
    """
    if not hot:
        return []
    account = await _lock_account(session, account_id)
    cap = limits.outreach_cap(account.created_at, now)
    hold = await flood_waits.get_hold(session, account_id, usage.NEW_CONVERSATIONS)
    wanted = {usage.NEW_CONVERSATIONS: [cap_for(cap, hot=is_hot) for is_hot in hot]}
    quota = await _open_window(session, account_id, wanted, now=now)
    retry_at: list[datetime | None] = []
    for is_hot in hot:
        next_slot_at = await quota.next_slot_at(usage.NEW_CONVERSATIONS, cap_for(cap, hot=is_hot))
        waits = [hold.until if hold else None, account.next_outreach_at, next_slot_at]
        later = [wait for wait in waits if wait is not None and wait > now]
        retry_at.append(max(later) if later else None)
        if later:
            continue
        quota.take(usage.NEW_CONVERSATIONS)
        account.next_outreach_at = now + gap_with_jitter(limits.outreach_gap, chance())
        account.outreach_limit = cap
        if hold is not None:
            # One first message is sent as a probe. The others wait until its result is known.
            hold.until, hold.updated_at = now + PROBE_INTERVAL, now
    await quota.record()
    return retry_at


@dataclass(frozen=True)
class Lookup:
    """A planned look-up call: at most `limit` of it in 24 hours, and `gap` before the next look-up."""

    method: str
    limit: int | None = None
    gap: timedelta | None = None


async def reserve_lookups(
    session: AsyncSession, account_id: int, lookups: Sequence[Lookup], *, now: datetime
) -> Sequence[datetime | None]:
    """Reserve a quota slot for each look-up.

    Returns, for each, None if the slot is reserved, or else when to ask again (UTC).
    """
    account = await _lock_account(session, account_id)
    wanted: dict[str, list[int]] = {}
    for lookup in lookups:
        if lookup.limit:
            wanted.setdefault(lookup.method, []).append(lookup.limit)
    quota = await _open_window(session, account_id, wanted, now=now)
    retry_at: list[datetime | None] = []
    for lookup in lookups:
        next_slot_at = await quota.next_slot_at(lookup.method, lookup.limit) if lookup.limit else None
        gap_ends_at = account.next_lookup_at if lookup.gap is not None else None
        later = [wait for wait in (gap_ends_at, next_slot_at) if wait is not None and wait > now]
        retry_at.append(max(later) if later else None)
        if later:
            continue
        if lookup.gap is not None:
            account.next_lookup_at = now + lookup.gap
        if lookup.limit:
            quota.take(lookup.method)
    await quota.record()
    return retry_at


@dataclass
class QuotaWindow:
    """The free slots of an account in the last 24 hours, while its row is locked."""

    session: AsyncSession
    account_id: int
    now: datetime
    # Methods with enough free slots for all that were asked for.
    ample: frozenset[str]
    taken: Counter[str] = field(default_factory=Counter)
    next_slots: dict[tuple[str, int], datetime | None] = field(default_factory=dict)

    async def next_slot_at(self, method: str, limit: int) -> datetime | None:
        """Return when a slot within `limit` becomes free (UTC); None if one is free now."""
        if method in self.ample:
            return None
        left = limit - self.taken[method]
        if left <= 0:
            return self.now + DAY
        if (method, left) not in self.next_slots:
            free_at = await usage.next_free_slot_at(self.session, self.account_id, method, left, now=self.now)
            self.next_slots[method, left] = free_at
        return self.next_slots[method, left]

    def take(self, method: str) -> None:
        """Take one slot."""
        self.taken[method] += 1

    async def record(self) -> None:
        """Record the slots taken. It happens before the calls: Telegram may count a call that fails."""
        if self.taken:
            calls = [
                {"account_id": self.account_id, "method": method, "at": self.now}
                for method in self.taken.elements()
            ]
            await insert_all(self.session, CALLS, calls)


async def _open_window(
    session: AsyncSession, account_id: int, wanted: Mapping[str, Sequence[int]], *, now: datetime
) -> QuotaWindow:
    """Read the quota window. `wanted`: for each method, the limit of every slot asked for."""
    ample = set()
    for method, limits in wanted.items():
        # If a slot is free within this limit, all the slots are free, and one query is enough.
        lowest = min(limits) - len(limits) + 1
        if lowest > 0 and await usage.next_free_slot_at(session, account_id, method, lowest, now=now) is None:
            ample.add(method)
    return QuotaWindow(session, account_id, now, frozenset(ample))


async def _lock_account(session: AsyncSession, account_id: int) -> TelegramAccount:
    """Lock the account's row until the transaction ends: one transaction at a time reserves slots."""
    return (await session.exec(_LOCKED_ACCOUNT, params={"account": account_id})).one()


_LOCKED_ACCOUNT = (
    select(TelegramAccount)
    .where(col(TelegramAccount.id) == bindparam("account", type_=BigInteger()))
    # FOR NO KEY UPDATE: rows that reference the account can be written meanwhile.
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
