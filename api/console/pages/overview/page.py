"""The overview: what does not work, the funnel, the costs, the accounts and the deliveries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import col, select

from api.console import charts, rendering
from api.console.access import Viewer
from api.console.cache import cache_of
from api.console.pages.overview.unmatched_bookings import load_unmatched
from api.dependencies import DatabaseDep
from api.queries import statistics
from api.queries.health_checks import Check, run_checks
from api.queries.inbox import counts
from api.queries.statistics import STAGES, Funnel, Funnels
from shared.clock import utc_now
from shared.database.checks.write_check import WriteCheck
from shared.database.engine import Database
from shared.database.models import Booking, SendingPause, WebhookDelivery
from shared.leads import pauses

router = APIRouter(prefix="/overview")

_RECENT_DELIVERIES = 6
# The figures of a period are read again after this time; the page says when they were read.
FIGURES_LAST = timedelta(minutes=1)
# Accounts, checks and deliveries.
STATE_LASTS = timedelta(seconds=2)
# The check is a write that is rolled back.
STORING_LASTS = timedelta(seconds=30)
_MOST_GROUPS = 12


@dataclass(frozen=True)
class Figures:
    """The figures of a period."""

    funnels: Funnels
    seconds: Sequence[float]


@dataclass(frozen=True)
class State:
    """What is so now."""

    accounts: Sequence[Mapping[str, Any]]
    names: Mapping[int, str]
    checks: Sequence[Check]
    pause: SendingPause | None
    deliveries: Sequence[WebhookDelivery]
    unmatched: Sequence[Booking]


@router.get("")
async def show_overview(
    request: Request,
    database: DatabaseDep,
    user: Viewer,
    days: Annotated[Literal["7", "30", "90"], Query()] = "30",
) -> Response:
    """What happened with the leads of the last days, and what is so now."""
    now = utc_now()
    since = (now - timedelta(days=int(days) - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    cache = cache_of(request.app)
    kept = await cache.get(("figures", days), FIGURES_LAST, lambda: _figures(database, since))
    check: WriteCheck = request.app.state.write_check
    fault = (await cache.get("storing", STORING_LASTS, check.fault)).value
    storing = Check("database", is_well=fault is None, detail=fault.reason if fault else "")
    state = (await cache.get("state", STATE_LASTS, lambda: _state(database, now))).value
    funnels, seconds = kept.value.funnels, kept.value.seconds
    return rendering.page(
        request,
        "overview.html",
        days=days,
        read_at=kept.at,
        stages=STAGES,
        total=funnels.total,
        **_drawn(funnels, since, int(days)),
        by_source=_largest(funnels.by_source),
        by_account=_largest(
            {state.names.get(key or 0, "—"): funnel for key, funnel in funnels.by_account.items()}
        ),
        median=statistics.percentile(seconds, 0.5),
        slowest=statistics.percentile(seconds, 0.95),
        duration=charts.duration,
        # Those that failed first.
        checks=sorted([storing, *state.checks], key=lambda check: check.is_well),
        pause=state.pause,
        accounts=state.accounts,
        deliveries=state.deliveries,
        unmatched=state.unmatched,
    )


async def _figures(database: Database, since: datetime) -> Figures:
    async with database.reading() as session:
        return Figures(
            await statistics.funnels(session, since),
            await statistics.seconds_to_first_message(session, since),
        )


async def _state(database: Database, now: datetime) -> State:
    async with database.reading() as session:
        found = await session.exec(
            select(WebhookDelivery).order_by(col(WebhookDelivery.id).desc()).limit(_RECENT_DELIVERIES)
        )
        return State(
            accounts=await statistics.account_lines(session),
            names=dict(await counts.accounts(session)),
            checks=await run_checks(session, now),
            pause=await pauses.current(session),
            deliveries=found.all(),
            unmatched=await load_unmatched(session, now),
        )


def _drawn(funnels: Funnels, since: datetime, days: int) -> dict[str, Any]:
    """Return the charts by day."""
    dates = [(since + timedelta(days=number)).date() for number in range(days)]
    by_day = {date.strftime("%d.%m"): funnels.by_day.get(date.isoformat(), Funnel()) for date in dates}
    return {
        "columns": charts.columns(
            {day: funnel.counts for day, funnel in by_day.items()}, ("received", "answered", "agreed")
        ),
        "costs": charts.line({day: funnel.cost or 0.0 for day, funnel in by_day.items()}),
    }


def _largest(groups: Mapping[str, Funnel]) -> list[tuple[str, Funnel]]:
    return sorted(groups.items(), key=lambda pair: -pair[1].counts["received"])[:_MOST_GROUPS]
