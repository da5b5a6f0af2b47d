"""The stream of changes for an open page, and the people who need attention."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlmodel import col, select

from api.console.access import OpenPage
from api.console.cache import cache_of
from api.console.live.hub import COLLECT_SECONDS, hub_of
from api.dependencies import DatabaseDep
from api.queries.inbox.urgent import urgent_leads
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import Lead

router = APIRouter()

# A stream ends after this time; the browser opens a new one, which checks the session again.
STREAM_SECONDS = 900
_RETRY_MILLISECONDS = 2000
# All open pages ask after each change.
WAITING_LASTS = timedelta(seconds=1)


@router.get("/events", response_class=EventSourceResponse)
async def events(request: Request, user: OpenPage) -> AsyncIterator[ServerSentEvent]:
    """`changed` with the numbers of leads; `all` after each connection: everything may have changed."""
    ends_at = asyncio.get_running_loop().time() + STREAM_SECONDS
    async with hub_of(request.app).open_page() as page:
        yield ServerSentEvent(event="all", data=[], retry=_RETRY_MILLISECONDS)
        page.everything = False
        while True:
            try:
                async with asyncio.timeout_at(ends_at):
                    await page.has_news.wait()
            except TimeoutError:
                return
            if page.is_over:
                return
            await asyncio.sleep(COLLECT_SECONDS)
            page.has_news.clear()
            changed, page.changed = sorted(page.changed), set()
            everything, page.everything = page.everything, False
            if everything:
                yield ServerSentEvent(event="all", data=[])
            elif changed:
                yield ServerSentEvent(event="changed", data=changed[:200])


@router.get("/waiting")
async def waiting(request: Request, database: DatabaseDep, user: OpenPage) -> JSONResponse:
    """Count the people who need attention, and name some: for the title and notifications."""
    kept = await cache_of(request.app).get("waiting", WAITING_LASTS, lambda: _waiting(database))
    return JSONResponse(kept.value)


async def _waiting(database: Database) -> dict[str, Any]:
    async with database.reading() as session:
        urgent = await urgent_leads(session, utc_now())
        named = select(Lead.id, Lead.name).where(col(Lead.id).in_(urgent.ids))
        leads = [{"id": lead_id, "name": name} for lead_id, name in await session.exec(named)]
    return {"count": urgent.count, "leads": leads}
