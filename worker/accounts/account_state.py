"""The queries of the worker's own Telegram account: its row, its state, and the pace it keeps."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_all
from shared.database.models import CALLS, TelegramAccount
from worker.accounts import flood_waits, usage
from worker.domain.outreach_policy import DAY, Limits, cap_for, pause, spaced

# After a pause one first message goes ahead of the others by so much.
PROBE = timedelta(minutes=10)


async def acquire(
    session: AsyncSession, user_id: int, holder: str, session_name: str, *, now: datetime, until: datetime
) -> int | None:
    """Become or stay the one who speaks for an account until `until`; makes its row if there is none.

    Gives the account's id, or None while somebody else holds it.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    claim = {"held_by": holder, "held_until": until, "session_name": session_name, "updated_at": now}
    held_by, held_until = col(TelegramAccount.held_by), col(TelegramAccount.held_until)
    row = await session.exec(
        insert(TelegramAccount)
        .values(telegram_user_id=user_id, state="active", created_at=now, **claim)
        .on_conflict_do_update(
            index_elements=["telegram_user_id"],
            set_=claim,
            where=or_(held_by.is_(None), held_by == holder, held_until.is_(None), held_until <= now),
        )
        .returning(col(TelegramAccount.id))
    )
    found: int | None = row.scalar_one_or_none()
    return found


async def release(session: AsyncSession, account_id: int, holder: str) -> None:
    """Let somebody else speak for the account at once."""
    await session.exec(
        update(TelegramAccount)
        .where(col(TelegramAccount.id) == account_id, col(TelegramAccount.held_by) == holder)
        .values(held_by=None, held_until=None)
        .execution_options(synchronize_session=False)
    )


async def register_account(
    session: AsyncSession, account_id: int, username: str | None, limits: Limits, *, now: datetime
) -> None:
    """The account is connected: what is known of it. It stays limited until a first message gets through."""
    held = await flood_waits.get(session, account_id, usage.NEW_CONVERSATIONS)
    account = await session.get_one(TelegramAccount, account_id)
    await session.exec(
        update(TelegramAccount)
        .where(col(TelegramAccount.id) == account_id)
        .values(
            username=username,
            state="limited" if held else "active",
            state_reason=held.reason if held else None,
            outreach_limit=limits.cap(account.created_at, now),
            resolve_limit=limits.resolves,
            import_limit=limits.imports,
            no_room_until=None,
            updated_at=now,
        )
        .execution_options(synchronize_session=False)
    )
    await usage.forget_old(session, now=now)


async def set_state(
    session: AsyncSession, account_id: int, state: str, reason: str | None, *, now: datetime
) -> None:
    """Say why the account cannot be used as usual: `limited`, `needs_login`, `banned`; or that it can."""
    await session.exec(
        update(TelegramAccount)
        .where(col(TelegramAccount.id) == account_id)
        .values(state=state, state_reason=reason, updated_at=now)
        .execution_options(synchronize_session=False)
    )


async def reserve_conversations(
    session: AsyncSession,
    account_id: int,
    limits: Limits,
    fresh: Sequence[bool],
    *,
    now: datetime,
    chance: Callable[[], float],
) -> Sequence[datetime | None]:
    """Take slots for first messages, one for each of `fresh`. None = go ahead; else when to ask again (UTC).

    `chance`, from 0 to 1, makes the pause after a message longer.
    """
    if not fresh:
        return []
    account = await _lock(session, account_id)
    cap = limits.cap(account.created_at, now)
    held = await flood_waits.get(session, account_id, usage.NEW_CONVERSATIONS)
    room = await _quota_window(
        session, account_id, {usage.NEW_CONVERSATIONS: [cap_for(cap, fresh=kind) for kind in fresh]}, now=now
    )
    free: list[datetime | None] = []
    for kind in fresh:
        full = await room.full(usage.NEW_CONVERSATIONS, cap_for(cap, fresh=kind))
        waits = [held.until if held else None, account.next_outreach_at, full]
        later = [wait for wait in waits if wait is not None and wait > now]
        free.append(max(later) if later else None)
        if later:
            continue
        room.take(usage.NEW_CONVERSATIONS)
        account.next_outreach_at = now + spaced(limits.outreach_gap, chance())
        account.outreach_limit = cap
        if held is not None:
            # Somebody goes first; whether they got through is known before anybody follows.
            held.until = now + PROBE
    await room.note()
    return free


async def block_outreach(session: AsyncSession, account_id: int, reason: str, *, now: datetime) -> timedelta:
    """Telegram lets the account write to no strangers: for longer each time in a row. Gives how long."""
    held = await flood_waits.get(session, account_id, usage.NEW_CONVERSATIONS)
    # What was under way together is refused together: that is one refusal.
    repeated = held is not None and held.until > now + PROBE
    strikes = (held.strikes if held else 0) + (not repeated)
    until = held.until if held and repeated else now + pause(strikes)
    method = usage.NEW_CONVERSATIONS
    await flood_waits.put(session, account_id, method, until=until, reason=reason, strikes=strikes, now=now)
    await set_state(session, account_id, "limited", reason, now=now)
    return until - now


async def unblock_outreach(session: AsyncSession, account_id: int, *, now: datetime) -> None:
    """A first message got through: whatever was held against the account is over."""
    if await flood_waits.lift(session, account_id, usage.NEW_CONVERSATIONS):
        await set_state(session, account_id, "active", None, now=now)


@dataclass(frozen=True)
class Lookup:
    """A call that looks a person up: `most` of it in 24 hours, `gap` from one look-up to the next."""

    method: str
    most: int | None = None
    gap: timedelta | None = None


async def reserve_lookups(
    session: AsyncSession, account_id: int, lookups: Sequence[Lookup], *, now: datetime
) -> Sequence[datetime | None]:
    """Take a slot for each look-up. None = go ahead; else when to ask again (UTC)."""
    account = await _lock(session, account_id)
    wanted: dict[str, list[int]] = {}
    for lookup in lookups:
        if lookup.most:
            wanted.setdefault(lookup.method, []).append(lookup.most)
    room = await _quota_window(session, account_id, wanted, now=now)
    free: list[datetime | None] = []
    for lookup in lookups:
        full = await room.full(lookup.method, lookup.most) if lookup.most else None
        turn = account.next_lookup_at if lookup.gap is not None else None
        later = [wait for wait in (turn, full) if wait is not None and wait > now]
        free.append(max(later) if later else None)
        if later:
            continue
        if lookup.gap is not None:
            account.next_lookup_at = now + lookup.gap
        if lookup.most:
            room.take(lookup.method)
    await room.note()
    return free


@dataclass
class QuotaWindow:
    """What is left of an account's limits while slots are given out, its row locked."""

    session: AsyncSession
    account_id: int
    now: datetime
    # Methods of which there is enough for all who ask.
    ample: frozenset[str]
    taken: Counter[str] = field(default_factory=Counter)
    frees: dict[tuple[str, int], datetime | None] = field(default_factory=dict)

    async def full(self, method: str, most: int) -> datetime | None:
        """When there is room for one more use within `most`; None if there is now."""
        if method in self.ample:
            return None
        left = most - self.taken[method]
        if left <= 0:
            return self.now + DAY
        if (method, left) not in self.frees:
            freed = await usage.next_free_slot_at(self.session, self.account_id, method, left, now=self.now)
            self.frees[method, left] = freed
        return self.frees[method, left]

    def take(self, method: str) -> None:
        """One more use."""
        self.taken[method] += 1

    async def note(self) -> None:
        """Count what was taken: before it is used, since it may count with Telegram however it ends."""
        if self.taken:
            uses = [
                {"account_id": self.account_id, "method": method, "at": self.now}
                for method in self.taken.elements()
            ]
            await insert_all(self.session, CALLS, uses)


async def _quota_window(
    session: AsyncSession, account_id: int, wanted: Mapping[str, Sequence[int]], *, now: datetime
) -> QuotaWindow:
    """`wanted`: for each method the limits within which it is asked for, one for each who asks."""
    ample = set()
    for method, limits in wanted.items():
        least = min(limits) - len(limits) + 1
        if least > 0 and await usage.next_free_slot_at(session, account_id, method, least, now=now) is None:
            ample.add(method)
    return QuotaWindow(session, account_id, now, frozenset(ample))


async def _lock(session: AsyncSession, account_id: int) -> TelegramAccount:
    """The account's row, held until the transaction ends: slots are given out one at a time."""
    return (await session.exec(_LOCKED, params={"account": account_id})).one()


_LOCKED = (
    select(TelegramAccount)
    .where(col(TelegramAccount.id) == bindparam("account", type_=BigInteger()))
    # Not the key: what refers to the account is written meanwhile.
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
