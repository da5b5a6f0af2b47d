"""Shortens moments that a wrong clock has stored: none lies further ahead than its own length."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Update, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import (
    ACCOUNTS,
    CALLS,
    LEADS,
    OWNER_NOTICES,
    AccountHold,
    Lead,
    TelegramAccount,
)
from worker.accounts import usage
from worker.accounts.account_lease import CLOCK_DIFFERENCE, LEASE_DURATION
from worker.domain.sending_limits import PEER_FLOOD_PAUSES, Limits, longest_gap
from worker.outreach.capacity import account_of_lease
from worker.queue.leases import WorkerId

# Clocks of several machines differ by less.
SLACK = timedelta(minutes=2)
# This process has seen the clock being set back. Pauses of seconds, such as a debounce, stay.
SEEN_SLACK = timedelta(seconds=15)


async def shorten(
    session: AsyncSession,
    account_id: int,
    limits: Limits,
    lease: timedelta,
    *,
    now: datetime,
    slack: timedelta = SLACK,
) -> None:
    """Shorten what lies too far ahead: the account's gaps, calls and holds, and the leases of ended workers.

    Called at each start, and when the clock has been set. `lease`: the length of a lead's lease. `slack`: how
    much further than its length a moment may lie ahead.
    """
    for column, length in (
        (ACCOUNTS.c.next_outreach_at, longest_gap(limits.outreach_gap)),
        (ACCOUNTS.c.next_lookup_at, limits.lookup_gap),
    ):
        await session.exec(
            update(ACCOUNTS)
            .where(ACCOUNTS.c.id == account_id, column > now + length + slack)
            .values({column.name: now + length})
        )
    # A call in the future would count for longer than a day.
    await session.exec(
        update(CALLS).where(CALLS.c.account_id == account_id, CALLS.c.at > now + slack).values(at=now)
    )
    await _shorten_holds(session, account_id, now=now, slack=slack)
    await _shorten_leases(session, lease, now=now)


async def _shorten_holds(session: AsyncSession, account_id: int, *, now: datetime, slack: timedelta) -> None:
    holds = await session.exec(select(AccountHold).where(col(AccountHold.account_id) == account_id))
    for hold in holds.all():
        length = hold.until - hold.updated_at
        if hold.method == usage.NEW_CONVERSATIONS:
            # Telegram names no time for it: this one is our own.
            length = min(length, PEER_FLOOD_PAUSES[-1])
        if hold.updated_at > now + slack or hold.until > now + length + slack:
            hold.until, hold.updated_at = now + length, now


async def _shorten_leases(session: AsyncSession, lease: timedelta, *, now: datetime) -> None:
    """Let the leases of workers that no longer hold their account end after a lease's usual time.

    A worker that is alive renews its leases by itself; another worker's may last longer than ours.
    """
    far = LEADS.c.leased_until > now + lease + SLACK
    holders = (await session.exec(select(Lead.leased_by).distinct().where(far))).all()
    alive = await _accounts_with_worker(session, now=now)
    ended = [name for name in holders if name and account_of_lease(name) not in alive]
    if ended:
        await session.exec(
            update(LEADS).where(far, LEADS.c.leased_by.in_(ended)).values(leased_until=now + lease)
        )


async def _accounts_with_worker(session: AsyncSession, *, now: datetime) -> Sequence[int]:
    found = await session.exec(
        select(TelegramAccount.id).where(
            col(TelegramAccount.held_until).between(now, now + LEASE_DURATION + CLOCK_DIFFERENCE)
        )
    )
    return found.all()


async def make_waiting_due(session: AsyncSession, me: WorkerId, *, now: datetime) -> None:
    """The clock was set back: make all leads due that wait for a moment that this program computed.

    Their steps compute it again. Moments that a person has named stay.
    """
    await session.exec(_waiting(me, now).values(due_at=now))
    await session.exec(
        update(OWNER_NOTICES)
        .where(OWNER_NOTICES.c.account_id == me.account_id, OWNER_NOTICES.c.due_at > now + SEEN_SLACK)
        .values(due_at=now)
    )


async def make_future_due(session: AsyncSession, me: WorkerId, *, now: datetime) -> None:
    """The same at a start, for the leads that were last changed in the future: a wrong clock has done it."""
    await session.exec(_waiting(me, now).where(LEADS.c.updated_at > now + SLACK).values(due_at=now))


def _waiting(me: WorkerId, now: datetime) -> Update:
    return update(LEADS).where(
        or_(LEADS.c.account_id.is_(None), LEADS.c.account_id == me.account_id),
        LEADS.c.due_at > now + SEEN_SLACK,
        LEADS.c.leased_by.is_(None),
        or_(LEADS.c.follow_up_at.is_(None), LEADS.c.follow_up_at != LEADS.c.due_at),
        or_(LEADS.c.returns_at.is_(None), LEADS.c.returns_at != LEADS.c.due_at),
    )
