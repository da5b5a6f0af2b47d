"""The one door through which a lead's status changes; every change leaves an event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import Subquery, UpdateBase, bindparam, insert, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import BulkStatement, columns, insert_all
from shared.database.columns import UtcDateTime
from shared.database.models import EVENTS, LEADS, Lead, LeadEvent
from shared.errors import IllegalTransitionError, LostRaceError
from shared.statuses import LeadStatus, may_become

# Progress clears the counts of failures.
CLEAR_FAILURES: Mapping[str, Any] = MappingProxyType({"attempts": 0, "lost_leases": 0, "last_error": None})


@dataclass(frozen=True)
class Move:
    """One lead's change of status among several; `changes` are further columns, the same ones for all."""

    lead: Lead
    target: LeadStatus
    reason: str | None
    changes: Mapping[str, Any] = field(default_factory=dict)


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
    """Move `lead` from the status that the caller saw to `target`, in the caller's transaction.

    `changes` are further columns to write with it. Progress clears the counts of failures.
    Raises IllegalTransitionError if the table does not allow it, and LostRaceError if somebody else
    moved the lead first; either way nothing is written.
    """
    _check(lead, target)
    moved = await session.exec(
        update(Lead)
        .where(col(Lead.id) == lead.id, col(Lead.status) == lead.status)
        .values({**CLEAR_FAILURES, **changes} | {"status": target, "updated_at": now})
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


async def change_statuses(session: AsyncSession, moves: Sequence[Move], *, actor: str, now: datetime) -> None:
    """Move several leads, each as `advance` does, in one statement and their events in another.

    Raises what `advance` raises if one of them cannot move; the caller's transaction is to be rolled back.
    """
    if not moves:
        return
    for move in moves:
        _check(move.lead, move.target)
    rows = ((move.lead.id, move.lead.status, move.target, *move.changes.values()) for move in moves)
    moved = await _moving(tuple(moves[0].changes)).run(session, rows, now=now)
    if lost := {move.lead.id for move in moves} - set(moved.scalars()):
        raise LostRaceError(f"leads {lost} are no longer as they were")
    events = [
        {
            "lead_id": move.lead.id,
            "from_status": move.lead.status,
            "to_status": move.target,
            "reason": move.reason,
            "actor": actor,
            "at": now,
        }
        for move in moves
    ]
    await insert_all(session, EVENTS, events)


@cache
def _moving(changes: tuple[str, ...]) -> BulkStatement:
    def build(rows: Subquery, _: str) -> UpdateBase:
        written = {name: rows.c[name] for name in ("status", *changes)}
        return (
            update(LEADS)
            .where(LEADS.c.id == rows.c.id, LEADS.c.status == rows.c.seen)
            .values({**CLEAR_FAILURES, "updated_at": bindparam("now", type_=UtcDateTime())} | written)
            .returning(LEADS.c.id)
        )

    return BulkStatement(LEADS, {"id": "id", "seen": "status", "status": "status"} | columns(*changes), build)


def _check(lead: Lead, target: LeadStatus) -> None:
    if not may_become(lead.status, target):
        raise IllegalTransitionError(f"a {lead.status} lead cannot become {target}")
