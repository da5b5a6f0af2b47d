"""Account lease: at most one worker process may use a Telegram account at a time.

It is held in `telegram_accounts.held_by/held_until` and renewed every 5 s. The clocks of two machines may
differ, so on PostgreSQL it is the database's clock that counts. On SQLite, and if the database's clock is
wrong, a standby takes over what has not been renewed for a lease's time of its own monotonic clock.
"""

import asyncio
import logging
import time
from datetime import datetime, timedelta

from sqlalchemy import text, update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.backoff import GrowingPause
from shared.clock import Clock
from shared.database.bulk import insert_for
from shared.database.engine import DATABASE_DOWN, LONGEST_PAUSE_SECONDS, Database
from shared.database.models import ACCOUNTS, TelegramAccount

log = logging.getLogger(__name__)

# After this long without a renewal, another worker may acquire the lease.
LEASE_DURATION = timedelta(seconds=30)
RENEW_SECONDS = 5
ASK_SECONDS = 1
# Sending stops this much before the lease expires: calls may be under way, and clocks differ.
SAFETY_MARGIN_SECONDS = 10
# The clocks of two workers' machines may differ by this much before one calls the other dead.
CLOCK_DIFFERENCE = timedelta(seconds=30)
_DATABASE_NOW = text("SELECT clock_timestamp()")


class AccountLease:
    """Call `acquire` before connecting, run `renew_forever` while connected, and `release` afterwards."""

    def __init__(
        self,
        database: Database,
        user_id: int,
        holder: str,
        session_name: str,
        clock: Clock,
        *,
        silent_seconds: float = LEASE_DURATION.total_seconds(),
        ask_seconds: float = ASK_SECONDS,
    ) -> None:
        """`clock`: the machine's, for SQLite. `silent_seconds`: what is not renewed for so long has ended.

        `ask_seconds`: the pause of a standby between two looks at the lease.
        """
        self._database = database
        self.user_id = user_id
        self._holder = holder
        self._session_name = session_name
        self._clock = clock
        self._confirmed_at = float("-inf")
        self.account_id = 0
        self._silent_seconds = silent_seconds
        self._ask_seconds = ask_seconds
        # The lease of another holder, and since when this process sees it unchanged (monotonic).
        self._seen: tuple[str, datetime] | None = None
        self._seen_since = 0.0

    def may_send(self) -> bool:
        """Return True while the lease is certainly still ours (confirmed less than 20 s ago)."""
        confirmed_seconds_ago = time.monotonic() - self._confirmed_at
        return confirmed_seconds_ago < LEASE_DURATION.total_seconds() - SAFETY_MARGIN_SECONDS

    async def acquire(self) -> None:
        """Return once this worker holds the lease; waits for another worker or a database outage to end."""
        waiting = False
        pause = GrowingPause(base=self._ask_seconds, maximum=LONGEST_PAUSE_SECONDS)
        while True:
            try:
                if await self._acquire_or_renew():
                    self._database.outage.over(log)
                    return
                await self._end_silent_lease()
            except DATABASE_DOWN as error:
                self._database.outage.note(error, log, "standing by")
                await asyncio.sleep(pause.failed())
            else:
                self._database.outage.over(log)
                pause.succeeded()
                if not waiting:
                    log.warning("the account is held by another worker: standing by")
                waiting = True
                # Nothing fails here: how soon another worker takes over depends on this pause.
                await asyncio.sleep(self._ask_seconds)

    async def renew_forever(self, *, stop_if_unconfirmed: bool = False) -> None:
        """Renew the lease until another worker has it, then return.

        A database outage alone does not end the renewal, but `may_send` becomes False during a long one.
        `stop_if_unconfirmed`: also return when the outage is so long that another worker may have the lease.
        """
        while True:
            # It does not grow after failures: the lease runs out in 30 s, and the account pauses before that.
            await asyncio.sleep(RENEW_SECONDS)
            try:
                if not await self._acquire_or_renew():
                    log.error("another worker holds the account now")
                    return
            except DATABASE_DOWN:
                if stop_if_unconfirmed and not self.may_send():
                    log.warning(
                        "the database has been unavailable too long: another worker may hold the account"
                    )
                    return

    async def release(self) -> None:
        """Release the lease, so that another worker can acquire it at once."""
        self._confirmed_at = float("-inf")
        try:
            async with self._database.writing() as session:
                await release_lease(session, self.account_id, self._holder)
        except DATABASE_DOWN:
            log.warning("the account lease could not be released: it ends when it expires")

    async def _end_silent_lease(self) -> None:
        """End another worker's lease once it was not renewed for a lease's time, whatever any clock says.

        A worker that is alive renews it every 5 s, and stops sending 20 s after the last renewal.
        """
        async with self._database.reading() as session:
            rows = await session.exec(
                select(TelegramAccount).where(col(TelegramAccount.telegram_user_id) == self.user_id)
            )
            row = rows.first()
        found = (row.held_by, row.held_until) if row and row.held_by and row.held_until else None
        if row is None or found is None or found != self._seen:
            self._seen, self._seen_since = found, time.monotonic()
        elif time.monotonic() - self._seen_since >= self._silent_seconds:
            log.warning("the account lease is not renewed any more: taking it over")
            async with self._database.writing() as session:
                await session.exec(
                    update(ACCOUNTS)
                    .where(
                        ACCOUNTS.c.id == row.id,
                        ACCOUNTS.c.held_by == found[0],
                        ACCOUNTS.c.held_until == found[1],
                    )
                    .values(held_by=None, held_until=None)
                )

    async def _acquire_or_renew(self) -> bool:
        # Measured before the query: the lease may run from any moment after this.
        asked_at = time.monotonic()
        async with self._database.writing() as session:
            now = await self._now(session)
            account_id = await acquire_lease(
                session,
                self.user_id,
                self._holder,
                self._session_name,
                now=now,
                until=now + LEASE_DURATION,
                may_take_expired=self._database.is_postgres,
            )
        if account_id is None:
            return False
        self.account_id, self._confirmed_at = account_id, asked_at
        return True

    async def _now(self, session: AsyncSession) -> datetime:
        if not self._database.is_postgres:
            return self._clock()
        now: datetime = (await (await session.connection()).execute(_DATABASE_NOW)).scalar_one()
        return now


async def acquire_lease(
    session: AsyncSession,
    user_id: int,
    holder: str,
    session_name: str,
    *,
    now: datetime,
    until: datetime,
    may_take_expired: bool = True,
) -> int | None:
    """Acquire or renew the lease of an account until `until` (UTC); creates the account's row if needed.

    Returns the account's id, or None while another holder has the lease. `may_take_expired`: False if `now`
    is not from the clock that stored the other's lease.
    """
    lease = {"held_by": holder, "held_until": until, "session_name": session_name, "updated_at": now}
    held_by, held_until = col(TelegramAccount.held_by), col(TelegramAccount.held_until)
    free = [held_by.is_(None), held_by == holder, held_until.is_(None)]
    if may_take_expired:
        free.append(held_until <= now)
    row = await session.exec(
        insert_for(session, TelegramAccount)
        .values(telegram_user_id=user_id, state="active", created_at=now, **lease)
        .on_conflict_do_update(
            index_elements=["telegram_user_id"],
            set_=lease,
            where=or_(*free),
        )
        .returning(col(TelegramAccount.id))
    )
    account_id: int | None = row.scalar_one_or_none()
    return account_id


async def release_lease(session: AsyncSession, account_id: int, holder: str) -> None:
    """Release the lease of an account, if `holder` has it."""
    await session.exec(
        update(ACCOUNTS)
        .where(ACCOUNTS.c.id == account_id, ACCOUNTS.c.held_by == holder)
        .values(held_by=None, held_until=None)
    )
