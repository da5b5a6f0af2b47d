"""Webhook deliveries: the list, one delivery with its body, and its replay."""

from typing import Annotated, get_args

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from api.console import rendering
from api.console.access import Operator, Viewer
from api.dependencies import DatabaseDep, SettingsDep
from api.intake.reprocessing import REPLAYABLE, is_replayable, reprocess
from api.queries.filters import DeliveryFilters, RowId
from shared.database.engine import Database
from shared.database.models import WebhookDelivery
from shared.statuses import DeliveryOutcome

router = APIRouter(prefix="/deliveries")


@router.get("")
async def list_deliveries(
    request: Request, database: DatabaseDep, user: Viewer, filters: Annotated[DeliveryFilters, Query()]
) -> Response:
    """Newest first, by outcome."""
    async with database.reading() as session:
        found = (await session.exec(filters.query())).all()
    shown = found[: filters.limit]
    return rendering.page(
        request,
        "deliveries.html",
        deliveries=shown,
        more=None if len(found) <= filters.limit else filters.cursor_after(shown[-1]),
        chosen=filters.model_dump(mode="json", exclude={"limit", "cursor"}, exclude_defaults=True),
        outcomes=get_args(DeliveryOutcome),
        query_of=rendering.query_of,
    )


@router.get("/{delivery_id}")
async def show_delivery(
    request: Request, delivery_id: RowId, database: DatabaseDep, user: Viewer
) -> Response:
    """One delivery with its body as it came."""
    delivery = await _get(database, delivery_id)
    return rendering.page(
        request,
        "delivery.html",
        delivery=delivery,
        can_replay=is_replayable(delivery),
        fault=None,
    )


@router.post("/{delivery_id}/replay")
async def replay(
    request: Request, delivery_id: RowId, database: DatabaseDep, settings: SettingsDep, user: Operator
) -> Response:
    """Process the stored body again; leads to the new lead."""
    result = await reprocess(database, delivery_id, settings, outcomes=REPLAYABLE)
    base = request.scope.get("root_path", "")
    if result is not None and result.lead is not None:
        return RedirectResponse(f"{base}/leads/{result.lead['id']}", 303)
    delivery = await _get(database, delivery_id)
    fault = str(result.error) if result is not None and result.error else delivery.outcome
    values = {"delivery": delivery, "can_replay": is_replayable(delivery), "fault": fault}
    return rendering.page(request, "delivery.html", 409, **values)


async def _get(database: Database, delivery_id: int) -> WebhookDelivery:
    async with database.reading() as session:
        delivery = await session.get(WebhookDelivery, delivery_id)
    if delivery is None:
        raise HTTPException(404, f"there is no delivery {delivery_id}")
    return delivery
