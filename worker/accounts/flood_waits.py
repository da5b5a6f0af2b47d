"""What Telegram has asked the account to leave alone, kept in the database over restarts."""

import asyncio
import logging
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import AccountHold

log = logging.getLogger(__name__)

RETRY_SECONDS = 2


async def put(
    session: AsyncSession,
    account_id: int,
    method: str,
    *,
    until: datetime,
    reason: str,
    now: datetime,
    strikes: int = 0,
) -> None:
    """Hold a method until then, whatever was said of it before."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    said = {"until": until, "reason": reason, "strikes": strikes, "updated_at": now}
    await session.exec(
        insert(AccountHold)
        .values(account_id=account_id, method=method, **said)
        .on_conflict_do_update(index_elements=["account_id", "method"], set_=said)
    )


async def get(session: AsyncSession, account_id: int, method: str) -> AccountHold | None:
    """What was last said of a method, also when its time is over."""
    return await session.get(AccountHold, (account_id, method), populate_existing=True)


async def lift(session: AsyncSession, account_id: int, method: str) -> bool:
    """Nothing is held against a method any more; gives whether something was."""
    lifted = await session.exec(
        delete(AccountHold).where(
            col(AccountHold.account_id) == account_id, col(AccountHold.method) == method
        )
    )
    return lifted.rowcount > 0


class FloodWaits:
    """Implements worker.domain.telegram_port.Gate for one account: one worker speaks for it, so its memory knows all."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._account_id = 0
        self._until: dict[str, datetime] = {}

    async def load(self, account_id: int) -> None:
        """Take up what was said to earlier lives; raises what a lost database raises."""
        async with self._database.reading() as session:
            rows = await session.exec(select(AccountHold).where(col(AccountHold.account_id) == account_id))
            self._until = {row.method: row.until for row in rows}
        self._account_id = account_id

    def remaining(self, method: str) -> timedelta | None:
        """How long the method is still to be left alone; None if it may be called."""
        until = self._until.get(method)
        left = until - self._clock() if until else timedelta()
        return left if left > timedelta() else None

    async def close(self, method: str, wait: timedelta, reason: str) -> None:
        """Let nobody call the method for so long, however long the database is away."""
        now = self._clock()
        self._until[method] = now + wait
        log.warning("%s is left alone for %d s: %s", method, wait.total_seconds(), reason)
        while self._account_id:
            try:
                async with self._database.writing() as session:
                    await put(session, self._account_id, method, until=now + wait, reason=reason, now=now)
            except DATABASE_DOWN:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return
