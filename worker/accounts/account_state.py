"""The row of a Telegram account: its state, its limits in force, and whether it may write to strangers."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import ACCOUNTS, TelegramAccount
from worker.accounts import flood_waits, usage
from worker.domain.sending_limits import PROBE_INTERVAL, Limits, peer_flood_pause, restriction_pause


async def register_account(
    session: AsyncSession, account_id: int, username: str | None, limits: Limits, *, now: datetime
) -> None:
    """Write the data of a connected account into its row: username, state and limits.

    An account that Telegram has limited stays `limited` until a first message is delivered.
    """
    hold = await flood_waits.get_hold(session, account_id, usage.NEW_CONVERSATIONS)
    account = await session.get_one(TelegramAccount, account_id)
    await session.exec(
        update(ACCOUNTS)
        .where(ACCOUNTS.c.id == account_id)
        .values(
            username=username,
            state="limited" if hold else "active",
            state_reason=hold.reason if hold else None,
            outreach_limit=limits.outreach_cap(account.created_at, now),
            resolve_limit=limits.resolve_limit,
            import_limit=limits.import_limit,
            no_room_until=None,
            updated_at=now,
        )
    )
    await usage.delete_expired_calls(session, now=now)


async def set_state(
    session: AsyncSession, account_id: int, state: str, reason: str | None, *, now: datetime
) -> None:
    """Set the account's state (`active`, `limited`, `needs_login` or `banned`) and the reason for it."""
    await session.exec(
        update(ACCOUNTS)
        .where(ACCOUNTS.c.id == account_id)
        .values(state=state, state_reason=reason, updated_at=now)
    )


async def block_outreach(
    session: AsyncSession, account_id: int, reason: str, *, now: datetime, everything: bool = False
) -> timedelta:
    """Block first messages of the account after a PEER_FLOOD, for longer each time in a row.

    `everything`: Telegram restricts the account as a whole, which ends sooner.
    Returns how long they are blocked.
    """
    hold = await flood_waits.get_hold(session, account_id, usage.NEW_CONVERSATIONS)
    # First messages that were sent at the same time are refused together: that is one refusal.
    is_same_refusal = hold is not None and hold.until > now + PROBE_INTERVAL
    strikes = (hold.strikes if hold else 0) + (not is_same_refusal)
    pause = restriction_pause(strikes) if everything else peer_flood_pause(strikes)
    until = hold.until if hold and is_same_refusal else now + pause
    await flood_waits.set_hold(
        session, account_id, usage.NEW_CONVERSATIONS, until=until, reason=reason, strikes=strikes, now=now
    )
    await set_state(session, account_id, "limited", reason, now=now)
    return until - now


async def unblock_outreach(session: AsyncSession, account_id: int, *, now: datetime) -> None:
    """A first message was delivered: remove the block, and set the account's state to `active`."""
    if await flood_waits.clear_hold(session, account_id, usage.NEW_CONVERSATIONS):
        await set_state(session, account_id, "active", None, now=now)
