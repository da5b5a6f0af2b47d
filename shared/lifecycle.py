"""The one door through which a lead's status changes; every change leaves an event."""

from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.errors import IllegalTransitionError, LostRaceError
from shared.models import Lead, LeadEvent
from shared.status import LeadStatus, may_become


async def advance(
    session: AsyncSession,
    lead: Lead,
    target: LeadStatus,
    *,
    reason: str | None,
    actor: str,
    now: datetime,
    **changes: Any,  # noqa: ANN401 - columns of the lead, each of its own type
) -> None:
    """Move `lead` from the status that the caller saw to `target`, in the caller's transaction.

    `changes` are further columns to write with it. Progress clears the counts of failures.
    Raises IllegalTransitionError if the table does not allow it, and LostRaceError if somebody else
    moved the lead first; either way nothing is written.
    """
    if not may_become(lead.status, target):
        raise IllegalTransitionError(f"a {lead.status} lead cannot become {target}")
    fresh: dict[str, Any] = {"attempts": 0, "lost_leases": 0, "last_error": None}
    moved = await session.exec(
        update(Lead)
        .where(col(Lead.id) == lead.id, col(Lead.status) == lead.status)
        .values(fresh | changes | {"status": target, "updated_at": now})
        .execution_options(synchronize_session=False)
        .returning(col(Lead.id))
    )
    if moved.first() is None:
        raise LostRaceError(f"lead {lead.id} is no longer {lead.status}")
    await session.exec(
        insert(LeadEvent).values(
            lead_id=lead.id, from_status=lead.status, to_status=target, reason=reason, actor=actor, at=now
        )
    )
