"""All status changes of a lead go through this module.

Each change writes a `lead_events` row in the same transaction.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import insert, update
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import EVENTS, LEADS, Lead
from shared.errors import IllegalTransitionError, LostRaceError
from shared.statuses import LeadStatus, may_become

# A status change is progress: it resets the counters of failures.
CLEAR_FAILURES: Mapping[str, Any] = MappingProxyType({"attempts": 0, "lost_leases": 0, "last_error": None})


async def change_status(
    session: AsyncSession,
    lead: Lead,
    target: LeadStatus,
    *,
    reason: str | None,
    actor: str,
    now: datetime,
    **changes: Any,  # noqa: ANN401 - columns of the lead, each of its own type
) -> None:
    """Change the status of `lead` from the one the caller saw to `target`, in the caller's transaction.

    `changes` are further columns to write; they win over the reset of the failure counters.
    Raises IllegalTransitionError if shared/statuses.py does not allow the change, and LostRaceError if
    another transaction changed the status first. Nothing is written in either case.
    """
    columns, event = transition(lead, target, reason=reason, actor=actor, now=now, **changes)
    moved = await session.exec(
        update(LEADS)
        .where(LEADS.c.id == lead.id, LEADS.c.status == lead.status)
        .values(columns)
        .returning(LEADS.c.id)
    )
    if moved.first() is None:
        raise LostRaceError(f"lead {lead.id} is no longer {lead.status}")
    await session.exec(insert(EVENTS).values(event))


def transition(
    lead: Lead,
    target: LeadStatus,
    *,
    reason: str | None,
    actor: str,
    now: datetime,
    **changes: Any,  # noqa: ANN401 - columns of the lead, each of its own type
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Return what a change of `lead` to `target` writes: the columns of the lead and the row of its event.

    Raises IllegalTransitionError if shared/statuses.py does not allow the change.
    """
    if not may_become(lead.status, target):
        raise IllegalTransitionError(f"a {lead.status} lead cannot become {target}")
    event = {
        "lead_id": lead.id,
        "from_status": lead.status,
        "to_status": target,
        "reason": reason,
        "actor": actor,
        "at": now,
    }
    return {**CLEAR_FAILURES, **changes, "status": target, "updated_at": now}, event
