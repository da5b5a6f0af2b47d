"""The queries of the worker's own Telegram account: its row, its state, and the pace it keeps."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.models import TelegramAccount
from worker import outbox

NEXT_OUTREACH: Mapped[datetime | None] = col(TelegramAccount.next_outreach_at)
NEXT_LOOKUP: Mapped[datetime | None] = col(TelegramAccount.next_lookup_at)


async def hold(
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


async def let_go(session: AsyncSession, account_id: int, holder: str) -> None:
    """Let somebody else speak for the account at once."""
    await session.exec(
        update(TelegramAccount)
        .where(col(TelegramAccount.id) == account_id, col(TelegramAccount.held_by) == holder)
        .values(held_by=None, held_until=None)
        .execution_options(synchronize_session=False)
    )


async def introduce(session: AsyncSession, account_id: int, username: str | None, *, now: datetime) -> None:
    """The account is connected: what is known of it, and that nothing is wrong."""
    await session.exec(
        update(TelegramAccount)
        .where(col(TelegramAccount.id) == account_id)
        .values(username=username, state="active", state_reason=None, updated_at=now)
        .execution_options(synchronize_session=False)
    )


async def set_state(
    session: AsyncSession, account_id: int, state: str, reason: str, *, now: datetime
) -> None:
    """Say why the account cannot be used as usual: `limited`, `needs_login`, `banned`."""
    await session.exec(
        update(TelegramAccount)
        .where(col(TelegramAccount.id) == account_id)
        .values(state=state, state_reason=reason, updated_at=now)
        .execution_options(synchronize_session=False)
    )


async def reserve_outreach(
    session: AsyncSession, account_id: int, *, now: datetime, gap: timedelta, daily_limit: int, zone: ZoneInfo
) -> datetime | None:
    """Take the next slot for a first message. None = go ahead; else when to ask again (UTC)."""
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    if await outbox.released_since(session, account_id, midnight) >= daily_limit:
        return (midnight + timedelta(days=1)).astimezone(now.tzinfo)
    return await _reserve(session, account_id, NEXT_OUTREACH, now=now, gap=gap)


async def reserve_lookup(
    session: AsyncSession, account_id: int, *, now: datetime, gap: timedelta
) -> datetime | None:
    """Take the next slot for looking a person up. None = go ahead; else when to ask again (UTC)."""
    return await _reserve(session, account_id, NEXT_LOOKUP, now=now, gap=gap)


async def hold_pace(
    session: AsyncSession, account_id: int, pace: Mapped[datetime | None], *, until: datetime
) -> None:
    """Nothing of this pace (NEXT_OUTREACH, NEXT_LOOKUP) before `until`, also after a restart."""
    await session.exec(
        update(TelegramAccount)
        .where(col(TelegramAccount.id) == account_id, or_(pace.is_(None), pace < until))
        .values({pace: until})
        .execution_options(synchronize_session=False)
    )


async def _reserve(
    session: AsyncSession, account_id: int, pace: Mapped[datetime | None], *, now: datetime, gap: timedelta
) -> datetime | None:
    taken = await session.exec(
        update(TelegramAccount)
        .where(col(TelegramAccount.id) == account_id, or_(pace.is_(None), pace <= now))
        .values({pace: now + gap})
        .returning(col(TelegramAccount.id))
        .execution_options(synchronize_session=False)
    )
    if taken.first() is not None:
        return None
    free = await session.exec(select(pace).where(col(TelegramAccount.id) == account_id))
    return free.one()
