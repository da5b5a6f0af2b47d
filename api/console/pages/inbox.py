"""The inbox: first the people who need attention, then all."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.console import rendering
from api.console.access import Viewer
from api.console.cache import cache_of
from api.dependencies import DatabaseDep, SettingsDep
from api.queries.inbox import counts
from api.queries.inbox.filters import InboxFilters
from api.queries.inbox.rows import rows_of
from api.queries.inbox.search import LOOKED_THROUGH, Search
from api.queries.inbox.urgent import MOST_URGENT, urgent_leads
from shared.clock import utc_now
from shared.database.engine import Database
from shared.leads import pauses
from shared.statuses import LeadStatus

router = APIRouter()

# The sources and accounts to choose from are read again after this time.
CHOICES_LAST = timedelta(seconds=30)
# The link below the people who need attention shows so many of them.
ALL_URGENT = 500


class InboxPage(InboxFilters):
    """The filters, and how many rows are shown."""

    limit: int = Field(30, ge=1, le=200)
    # How many of the people who need attention are shown.
    urgent: int = Field(50, ge=1, le=ALL_URGENT)


@router.get("/")
async def show_inbox(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    user: Viewer,
    filters: Annotated[InboxPage, Query()],
) -> Response:
    """The list of people. The first page without filters begins with those who need attention."""
    now = utc_now()
    choices = await cache_of(request.app).get("choices", CHOICES_LAST, lambda: _choices(database))
    async with database.reading() as session:
        found = await Search(session, filters, settings.phone_region).run()
        urgent = await urgent_leads(session, now, max(MOST_URGENT, filters.urgent))
        is_first = not filters.is_narrowed and filters.cursor is None
        first = urgent.ids[: filters.urgent] if is_first else []
        elsewhere = set(urgent.ids) if is_first else set()
        others = [lead.id for lead in found.leads if lead.id not in elsewhere]
        rows = await rows_of(session, [*first, *others], user.id, now)
        status_counts = await counts.count_statuses(session)
        pause = await pauses.current(session)
    # One of the first may have been erased in between.
    is_urgent = set(first)
    sources, accounts = choices.value
    chosen = filters.parameters()
    chosen.pop("urgent", None)
    return rendering.page(
        request,
        "inbox.html",
        urgent=[row for row in rows if row.lead.id in is_urgent],
        urgent_count=urgent.count,
        has_more_urgent=is_first and (urgent.is_cut or len(urgent.ids) > len(first)),
        all_urgent=ALL_URGENT,
        rows=[row for row in rows if row.lead.id not in is_urgent],
        more=found.cursor,
        looked_through=LOOKED_THROUGH if found.is_cut else None,
        filters=filters,
        chosen=chosen,
        query_of=rendering.query_of,
        counts=status_counts,
        most_counted=counts.MOST_COUNTED,
        statuses=list(LeadStatus),
        pause=pause,
        sources=sources,
        accounts=accounts,
    )


async def _choices(database: Database) -> tuple[Sequence[str], Sequence[tuple[int, str]]]:
    async with database.reading() as session:
        return await counts.sources(session), await counts.accounts(session)
