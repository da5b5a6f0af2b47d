"""The inbox: the people who need somebody first, then all."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import Field

from api.console import rendering
from api.console.access import Viewer
from api.dependencies import DatabaseDep, SettingsDep
from api.queries import inbox
from api.queries.inbox import InboxFilters
from shared.clock import utc_now
from shared.statuses import LeadStatus

router = APIRouter()


class InboxPage(InboxFilters):
    """The filters, and whether their form is open."""

    limit: int = Field(30, ge=1, le=200)
    # How many of those who need somebody are shown.
    urgent: int = Field(50, ge=1, le=1000)


@router.get("/")
async def show_inbox(
    request: Request,
    database: DatabaseDep,
    settings: SettingsDep,
    user: Viewer,
    filters: Annotated[InboxPage, Query()],
) -> Response:
    """The list of people. The first page without filters begins with those who need somebody."""
    now = utc_now()
    query = filters.leads(region=settings.phone_region, is_postgres=database.is_postgres)
    async with database.reading() as session:
        found = (await session.exec(query)).all()
        urgent = await inbox.urgent_leads(session, now)
        shows_urgent = not filters.is_narrowed and filters.cursor is None
        rows = await inbox.rows_of(session, found[: filters.limit], user.id, now)
        first = await inbox.rows_of(session, urgent, user.id, now) if shows_urgent else []
        counts = await inbox.count_statuses(session)
        sources = await inbox.sources(session)
        accounts = await inbox.accounts(session)
    first = sorted(first, key=lambda row: row.waits_since or row.lead.updated_at)
    urgent_ids = {row.lead.id for row in first}
    is_last = len(found) <= filters.limit
    chosen = inbox.parameters(filters)
    chosen.pop("urgent", None)
    return rendering.page(
        request,
        "inbox.html",
        urgent=first[: filters.urgent],
        urgent_count=len(urgent),
        rows=[row for row in rows if row.lead.id not in urgent_ids],
        more=None if is_last else filters.cursor_after(found[filters.limit - 1]),
        filters=filters,
        chosen=chosen,
        query_of=rendering.query_of,
        counts=counts,
        most_counted=inbox.MOST_COUNTED,
        statuses=list(LeadStatus),
        sources=sources,
        accounts=accounts,
    )
