"""The owner's pause: stops first messages, or all, of every worker; incoming messages are still stored."""

from datetime import datetime
from typing import Literal

from sqlalchemy import delete, update
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_for
from shared.database.models import LEADS, SendingPause

Scope = Literal["first_messages", "all"]
# Stored in `leads.last_error` of the leads that wait for the end of the pause.
PAUSED = "waits: the owner has paused messages"
_THE_ROW = 1


async def current(session: AsyncSession) -> SendingPause | None:
    """Return the pause; None if there is none."""
    return (await session.exec(select(SendingPause))).first()


async def begin(session: AsyncSession, scope: Scope, *, actor: str, now: datetime) -> None:
    """Begin the pause, or change what is paused."""
    values = {"scope": scope, "actor": actor, "since": now}
    await session.exec(
        insert_for(session, SendingPause)
        .values(id=_THE_ROW, **values)
        .on_conflict_do_update(index_elements=["id"], set_=values)
    )
    if scope == "first_messages":
        # After a pause of everything, the open conversations go on.
        await _make_due(session, now=now)


async def end(session: AsyncSession, *, now: datetime) -> bool:
    """End the pause and make the leads due that waited for it; returns False if there was none."""
    ended = await session.exec(delete(SendingPause))
    await _make_due(session, now=now)
    return ended.rowcount > 0


async def _make_due(session: AsyncSession, *, now: datetime) -> None:
    await session.exec(
        update(LEADS).where(LEADS.c.last_error == PAUSED, LEADS.c.due_at > now).values(due_at=now)
    )
