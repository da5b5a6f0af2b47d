"""Planned messages: follow-ups, reminders, and messages at a time that the person asked for.

All are rows of `planned_messages`. `leads.follow_up_at` is the time of the lead's next one: the worker claims
the lead then. The callers hold the lock of the lead.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, case, func, update
from sqlmodel import col
from sqlmodel import select as select_model
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.models import LEADS, MESSAGES, PLANNED, PlannedMessage

# Any word of the person ends these.
FOLLOW_UPS: Final = frozenset({"requested", "follow_up", "close"})
REMINDERS: Final = frozenset({"confirmation", "reminder_day", "reminder_hour", "cancellation", "no_show"})
PERSON_WROTE: Final = "the person wrote"
TAKEN_OVER: Final = "a human has taken over"
DRAFT_CANCELLED: Final = "the draft was cancelled before it was sent"
Row = Mapping[str, Any]


def message_key(lead_id: int, planned_id: int) -> str:
    """Return the key of the message that a planned message becomes."""
    return f"{lead_id}:planned:{planned_id}"


async def add(session: AsyncSession, rows: Iterable[Row]) -> int:
    """Plan messages; a row whose `key` is known changes nothing. Returns how many are new."""
    added = 0
    for row in rows:
        stored = await session.exec(
            insert_for(session, PlannedMessage)
            .values(state="planned", **row)
            .on_conflict_do_nothing(index_elements=["key"])
            .returning(col(PlannedMessage.id))
        )
        added += len(stored.all())
    return added


async def request(
    session: AsyncSession,
    lead_id: int,
    send_at: datetime,
    *,
    after_message_id: int | None,
    actor: str,
    now: datetime,
) -> None:
    """Plan a message at a time that was asked for, in place of all follow-ups.

    `after_message_id`: the newest message that is known; any later word of the person ends the plan.
    """
    await cancel(
        session, lead_id, kinds=FOLLOW_UPS, reason="another time was asked for", actor=actor, now=now
    )
    # With the time of the request: the same time may be asked for again.
    key = f"requested:{lead_id}:{int(send_at.timestamp())}:{now.isoformat()}"
    row = {"lead_id": lead_id, "kind": "requested", "key": key, "send_at": send_at, "actor": actor}
    await add(session, [{**row, "after_message_id": after_message_id}])


async def cancel(
    session: AsyncSession,
    lead_id: int,
    *,
    reason: str,
    actor: str,
    now: datetime,
    kinds: Collection[str] | None = None,
    only: Collection[int] | None = None,
) -> int:
    """Cancel planned messages of a lead (`kinds`, `only`: some of them); returns how many there were.

    Messages that are queued, and not sent yet, are cancelled with them.
    """
    rows = [PLANNED.c.lead_id == lead_id, PLANNED.c.state.in_(("planned", "queued"))]
    rows += [PLANNED.c.kind.in_(kinds)] if kinds is not None else []
    rows += [PLANNED.c.id.in_(only)] if only is not None else []
    cancelled = await session.exec(
        update(PLANNED)
        .where(*rows)
        .values(state="cancelled", reason=reason, actor=actor, ended_at=now)
        .returning(PLANNED.c.id)
    )
    ids = cancelled.scalars().all()
    if ids:
        # A cancelled message that has a random_id may be queued again: a failed one never is.
        await session.exec(
            update(MESSAGES)
            .where(
                MESSAGES.c.key.in_([message_key(lead_id, planned_id) for planned_id in ids]),
                MESSAGES.c.state.in_(("queued", "draft")),
            )
            .values(state=case((MESSAGES.c.state == "draft", "cancelled"), else_="failed"), error=reason)
        )
    return len(ids)


async def cancel_drafted(
    session: AsyncSession, lead_id: int, message_keys: Iterable[str | None], *, now: datetime
) -> None:
    """Cancel those planned messages whose drafts, by their keys, were cancelled: the person wrote first."""
    ids = [one for key in message_keys if (one := planned_id_of(key)) is not None]
    if not ids:
        return
    for kinds, reason in ((FOLLOW_UPS, PERSON_WROTE), (REMINDERS, DRAFT_CANCELLED)):
        await cancel(session, lead_id, kinds=kinds, only=ids, reason=reason, actor="person", now=now)


async def next_at(session: AsyncSession, lead_id: int) -> datetime | None:
    """Return when the lead's next planned message is due (UTC); None without one."""
    found = await session.exec(_NEXT, params={"lead": lead_id})
    return found.one()


_NEXT = select_model(func.min(col(PlannedMessage.send_at))).where(
    col(PlannedMessage.lead_id) == bindparam("lead"), col(PlannedMessage.state) == "planned"
)


async def refresh(
    session: AsyncSession, lead_id: int, *, now: datetime, wake: bool = True
) -> datetime | None:
    """Store when the lead's next planned message is due; returns it.

    `wake`: also have the worker look at the lead then, unless it has something to do earlier.
    """
    at = await next_at(session, lead_id)
    await session.exec(update(LEADS).where(LEADS.c.id == lead_id).values(follow_up_at=at, updated_at=now))
    if wake and at is not None:
        await session.exec(
            update(LEADS)
            .where(LEADS.c.id == lead_id, (LEADS.c.due_at.is_(None)) | (LEADS.c.due_at > at))
            .values(due_at=at)
        )
    return at


async def load_planned(
    session: AsyncSession, lead_ids: Collection[int]
) -> Mapping[int, Sequence[PlannedMessage]]:
    """Return the messages that are still planned by lead id, the next ones first."""
    planned: dict[int, list[PlannedMessage]] = {lead_id: [] for lead_id in lead_ids}
    for row in await session.exec(_PLANNED, params={"leads": list(lead_ids)}):
        planned[row.lead_id].append(row)
    return planned


_PLANNED = (
    select_model(PlannedMessage)
    .where(
        col(PlannedMessage.lead_id).in_(bindparam("leads", expanding=True)),
        col(PlannedMessage.state) == "planned",
    )
    .order_by(col(PlannedMessage.send_at), col(PlannedMessage.id))
)


async def take(session: AsyncSession, planned_id: int) -> bool:
    """Mark a planned message as queued; returns False if it is no longer planned."""
    taken = await session.exec(
        update(PLANNED)
        .where(PLANNED.c.id == planned_id, PLANNED.c.state == "planned")
        .values(state="queued")
        .returning(PLANNED.c.id)
    )
    return taken.first() is not None


async def postpone(session: AsyncSession, planned_id: int, send_at: datetime, *, lead_id: int) -> bool:
    """Move a planned message of a lead to another time; returns False if there is none."""
    moved = await session.exec(
        update(PLANNED)
        .where(PLANNED.c.id == planned_id, PLANNED.c.lead_id == lead_id, PLANNED.c.state == "planned")
        .values(send_at=send_at)
    )
    return moved.rowcount > 0


async def finish(session: AsyncSession, lead_id: int, planned_ids: Collection[int], *, now: datetime) -> None:
    """Record that planned messages have been sent, also those that were cancelled on their way."""
    await session.exec(
        update(PLANNED)
        .where(PLANNED.c.id.in_(planned_ids), PLANNED.c.lead_id == lead_id, PLANNED.c.state != "done")
        .values(state="done", reason=None, ended_at=now)
    )


def planned_id_of(key: str | None) -> int | None:
    """Return the planned message that a message's key names; None for any other key."""
    parts = (key or "").split(":")
    return int(parts[2]) if len(parts) == 3 and parts[1] == "planned" and parts[2].isdigit() else None
