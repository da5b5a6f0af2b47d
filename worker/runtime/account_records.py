"""Updates an account's records in the database when its worker starts and when its session is revoked."""

import logging
from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from worker.accounts import account_state
from worker.domain.sending_limits import Limits
from worker.domain.telegram_port import SessionRevokedError
from worker.outreach import future_timestamps, new_leads, reassignment
from worker.queue import leases
from worker.queue.leases import WorkerId

log = logging.getLogger(__name__)


async def register_worker(
    session: AsyncSession, worker_id: WorkerId, username: str | None, limits: Limits, *, now: datetime
) -> None:
    """Mark the account as usable, and make the leads of its earlier runs due again."""
    await account_state.register_account(session, worker_id.account_id, username, limits, now=now)
    await reassignment.clear_stranded_marks(session, worker_id.account_id)
    await new_leads.requeue_waiting_for_capacity(session, now=now)
    await future_timestamps.make_future_due(session, worker_id, now=now)
    await leases.retry_now(session, worker_id, now=now)
    if taken_over := await leases.expire_previous_leases(session, worker_id, now=now):
        log.info("%d leads taken over from an earlier run", taken_over)


async def record_revoked_session(
    session: AsyncSession, account_id: int, revoked: SessionRevokedError, *, now: datetime
) -> None:
    """Mark the account as lost, and give its untouched leads to other accounts."""
    reason = str(revoked)
    await account_state.set_state(session, account_id, revoked.state, reason, now=now)
    reassigned = await reassignment.reassign_untouched_leads(session, account_id, now=now, reason=reason)
    stranded = await reassignment.mark_stranded(session, account_id, reason)
    log.error("%d new leads are left to other accounts, %d conversations wait", reassigned, stranded)
