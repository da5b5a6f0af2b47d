"""The stream of changes for an open page."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import APIRouter, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent

from api.console.access import Viewer
from api.console.live.hub import COLLECT_SECONDS, hub_of

router = APIRouter()

# A stream ends after this time; the browser opens a new one, which checks the session again.
STREAM_SECONDS = 900
_RETRY_MILLISECONDS = 2000


@router.get("/events", response_class=EventSourceResponse)
async def events(request: Request, user: Viewer) -> AsyncIterator[ServerSentEvent]:
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
