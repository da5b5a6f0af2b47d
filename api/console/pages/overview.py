"""The overview: the funnel, the time to the first message, the accounts and the deliveries."""

from datetime import timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import col, select

from api.console import charts, rendering
from api.console.access import Viewer
from api.dependencies import DatabaseDep
from api.queries import inbox, statistics
from shared.clock import utc_now
from shared.database.models import WebhookDelivery

router = APIRouter(prefix="/overview")

_RECENT_DELIVERIES = 6


@router.get("")
async def show_overview(
    request: Request,
    database: DatabaseDep,
    user: Viewer,
    days: Annotated[Literal["7", "30", "90"], Query()] = "30",
) -> Response:
    """What happened with the leads of the last days."""
    now = utc_now()
    since = (now - timedelta(days=int(days) - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    async with database.reading() as session:
        funnels = await statistics.funnels(session, since)
        seconds = await statistics.seconds_to_first_message(session, since)
        cost = await statistics.cost_since(session, since)
        accounts = await statistics.account_lines(session)
        names = dict(await inbox.accounts(session))
        deliveries = await session.exec(
            select(WebhookDelivery).order_by(col(WebhookDelivery.id).desc()).limit(_RECENT_DELIVERIES)
        )
        recent = deliveries.all()
    dates = [(since + timedelta(days=number)).date() for number in range(int(days))]
    nothing = statistics.Funnel()
    by_day = {date.strftime("%d.%m"): funnels.by_day.get(date.isoformat(), nothing).counts for date in dates}
    return rendering.page(
        request,
        "overview.html",
        days=days,
        stages=statistics.STAGES,
        total=funnels.total.counts,
        columns=charts.columns(by_day, ("received", "answered", "agreed")),
        by_source=_largest({key: value.counts for key, value in funnels.by_source.items()}),
        by_account=_largest(
            {names.get(key or 0, "—"): value.counts for key, value in funnels.by_account.items()}
        ),
        median=statistics.percentile(seconds, 0.5),
        slowest=statistics.percentile(seconds, 0.95),
        duration=charts.duration,
        cost=cost,
        accounts=accounts,
        deliveries=recent,
    )


def _largest(groups: dict[str, dict[str, int]]) -> list[tuple[str, dict[str, int]]]:
    return sorted(groups.items(), key=lambda pair: -pair[1]["received"])[:12]
