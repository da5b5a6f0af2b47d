"""Locks a lead for an action of a user, and refuses it if the user has not seen the newest message."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import HTTPException, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from api.console.users.sessions import SignedIn
from api.queries.conversation import has_newer
from api.settings import ApiSettings
from shared.database.console_models import LeadAction
from shared.database.engine import Database
from shared.database.models import Lead
from shared.leads import handoff


class StaleError(Exception):
    """The conversation has a message that the user has not seen; nothing is written."""


@asynccontextmanager
async def locked_lead(database: Database, lead_id: int) -> AsyncIterator[tuple[AsyncSession, Lead]]:
    """Yield the locked lead and commit afterwards; raises 404 if there is none."""
    async with database.writing() as session:
        lead = await handoff.lock(session, lead_id)
        if lead is None:
            raise HTTPException(404, f"there is no lead {lead_id}")
        yield session, lead


async def check_seen(session: AsyncSession, lead: Lead, seen: int) -> None:
    """Raise StaleError if there is a message after `seen`; the lead must be locked."""
    if await has_newer(session, lead.id, seen):
        raise StaleError


async def hand_to(
    session: AsyncSession, lead: Lead, user: SignedIn, settings: ApiSettings, now: datetime
) -> None:
    """Hand the conversation to a human under the user's name; raises HandoffError."""
    returns_at = now + settings.takeover_lasts if settings.takeover_lasts else None
    await handoff.hand_to_human(
        session, lead, reason="taken over on request", actor=user.name, now=now, returns_at=returns_at
    )


async def record(
    session: AsyncSession,
    lead_id: int,
    user: SignedIn,
    action: str,
    now: datetime,
    message_id: int | None = None,
) -> None:
    """Store what the user did, in the transaction that does it."""
    row = {"lead_id": lead_id, "actor": user.name, "action": action, "message_id": message_id, "at": now}
    await session.exec(insert(LeadAction).values(row))


def to_lead(request: Request, lead_id: int) -> Response:
    """Lead the browser back to the lead's page."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/leads/{lead_id}", 303)
