"""Account lease: at most one worker process may use a Telegram account at a time.

It is held in `telegram_accounts.held_by/held_until` and renewed every 5 s.
"""

import asyncio
import logging
import time
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.bulk import insert_for
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import ACCOUNTS, TelegramAccount

log = logging.getLogger(__name__)

# After this long without a renewal, another worker may acquire the lease.
LEASE_DURATION = timedelta(seconds=30)
RENEW_SECONDS = 5
# Sending stops this much before the lease expires: calls may be under way, and clocks differ.
SAFETY_MARGIN_SECONDS = 10
# A lease that ends further ahead was stored by a machine whose clock is wrong.
CLOCK_DIFFERENCE = timedelta(seconds=30)


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
    ) -> None:
        """`silent_seconds`: a lease from a wrong clock that is not renewed for so long is taken over."""
        self._database = database
        self._user_id = user_id
        self._holder = holder
        self._session_name = session_name
        self._clock = clock
        self._confirmed_at = float("-inf")
        self.account_id = 0
        self._silent_seconds = silent_seconds
        # The lease of another holder that ends too far ahead, and since when it is unchanged (monotonic).
        self._far_lease: tuple[str, datetime] | None = None
        self._unchanged_since = 0.0

    def may_send(self) -> bool:
        """Return True while the lease is certainly still ours (confirmed less than 20 s ago)."""
        confirmed_seconds_ago = time.monotonic() - self._confirmed_at
        return confirmed_seconds_ago < LEASE_DURATION.total_seconds() - SAFETY_MARGIN_SECONDS

    async def acquire(self) -> None:
        """Return once this worker holds the lease; waits for another worker or a database outage to end."""
        waiting = False
        while True:
            try:
                if await self._acquire_or_renew():
                    self._database.outage.over(log)
                    return
                await self._end_far_lease()
            except DATABASE_DOWN as error:
                self._database.outage.note(error, log, "standing by")
            else:
                self._database.outage.over(log)
                if not waiting:
                    log.warning("the account is held by another worker: standing by")
                waiting = True
            await asyncio.sleep(1)

    async def renew_forever(self, *, stop_if_unconfirmed: bool = False) -> None:
        """Renew the lease until another worker has it, then return.

        A database outage alone does not end the renewal, but `may_send` becomes False during a long one.
        `stop_if_unconfirmed`: also return when the outage is so long that another worker may have the lease.
        """
        while True:
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

    async def _end_far_lease(self) -> None:
        """End another worker's lease that ends too far ahead, once it was not renewed for a lease's time.

        Its worker's clock was wrong. A worker that is alive renews it every 5 s, whatever its clock says.
        """
        async with self._database.reading() as session:
            rows = await session.exec(
                select(TelegramAccount).where(col(TelegramAccount.telegram_user_id) == self._user_id)
            )
            row = rows.first()
        found = (row.held_by, row.held_until) if row and row.held_by and row.held_until else None
        if row is None or found is None or found[1] <= self._clock() + LEASE_DURATION + CLOCK_DIFFERENCE:
            self._far_lease = None
        elif found != self._far_lease:
            self._far_lease, self._unchanged_since = found, time.monotonic()
        elif time.monotonic() - self._unchanged_since >= self._silent_seconds:
            log.warning("the account lease was stored by a wrong clock and is not renewed: taking it over")
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
        asked_at, now = time.monotonic(), self._clock()
        async with self._database.writing() as session:
            account_id = await acquire_lease(
                session,
                self._user_id,
                self._holder,
                self._session_name,
                now=now,
                until=now + LEASE_DURATION,
            )
        if account_id is None:
            return False
        self.account_id, self._confirmed_at = account_id, asked_at
        return True


async def acquire_lease(
    session: AsyncSession, user_id: int, holder: str, session_name: str, *, now: datetime, until: datetime
) -> int | None:
    """Acquire or renew the lease of an account until `until` (UTC); creates the account's row if needed.

    Returns the account's id, or None while another holder has the lease.
    """
    lease = {"held_by": holder, "held_until": until, "session_name": session_name, "updated_at": now}
    held_by, held_until = col(TelegramAccount.held_by), col(TelegramAccount.held_until)
    row = await session.exec(
        insert_for(session, TelegramAccount)
        .values(telegram_user_id=user_id, state="active", created_at=now, **lease)
        .on_conflict_do_update(
            index_elements=["telegram_user_id"],
            set_=lease,
            where=or_(held_by.is_(None), held_by == holder, held_until.is_(None), held_until <= now),
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
