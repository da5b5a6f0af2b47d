"""Flood waits: methods that Telegram has asked an account not to call until a moment.

They are stored in the table `account_holds`, so that they survive a restart.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.bulk import insert_for
from shared.database.engine import Database, retry_while_database_down
from shared.database.models import HOLDS, AccountHold

log = logging.getLogger(__name__)

RETRY_SECONDS = 2


async def set_hold(
    session: AsyncSession,
    account_id: int,
    method: str,
    *,
    until: datetime,
    reason: str,
    now: datetime,
    strikes: int = 0,
) -> None:
    """Hold a method until `until` (UTC); replaces an earlier hold of it."""
    hold = {"until": until, "reason": reason, "strikes": strikes, "updated_at": now}
    await session.exec(
        insert_for(session, AccountHold)
        .values(account_id=account_id, method=method, **hold)
        .on_conflict_do_update(index_elements=["account_id", "method"], set_=hold)
    )


async def get_hold(session: AsyncSession, account_id: int, method: str) -> AccountHold | None:
    """Return the latest hold of a method, even if it has ended."""
    return await session.get(AccountHold, (account_id, method), populate_existing=True)


async def clear_hold(session: AsyncSession, account_id: int, method: str) -> bool:
    """Delete the hold of a method; returns True if there was one."""
    deleted = await session.exec(
        delete(HOLDS).where(HOLDS.c.account_id == account_id, HOLDS.c.method == method)
    )
    return deleted.rowcount > 0


class FloodWaits:
    """Implements worker.domain.telegram_port.FloodGate for one account.

    Only one worker uses the account, so its memory of the holds is complete.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._account_id = 0
        self._until: dict[str, datetime] = {}

    async def load(self, account_id: int) -> None:
        """Load the holds that earlier runs stored; raises one of DATABASE_DOWN in an outage."""
        async with self._database.reading() as session:
            rows = await session.exec(select(AccountHold).where(col(AccountHold.account_id) == account_id))
            self._until = {row.method: row.until for row in rows}
        self._account_id = account_id

    def remaining(self, method: str) -> timedelta | None:
        """Return how long the method must not be called; None if it may be called."""
        until = self._until.get(method)
        left = until - self._clock() if until else timedelta()
        return left if left > timedelta() else None

    async def close(self, method: str, wait: timedelta, reason: str) -> None:
        """Block calls of the method for `wait`, and store that; retries until the database is available."""
        now = self._clock()
        self._until[method] = now + wait
        log.warning("%s is not called for %d s: %s", method, wait.total_seconds(), reason)
        if not self._account_id:
            return

        async def store() -> None:
            async with self._database.writing() as session:
                await set_hold(session, self._account_id, method, until=now + wait, reason=reason, now=now)

        await retry_while_database_down(store, pause=RETRY_SECONDS, what="store a flood wait")
