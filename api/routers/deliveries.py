"""Webhook calls over HTTP: what came, what became of it, and another try at what was not understood."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import DatabaseDep, SettingsDep, require_api_token
from api.errors import invalid
from api.intake.reprocessing import REPLAYABLE, reprocess
from api.queries.filters import DeliveryFilters, Outcome, RowId
from api.routers.leads import stored
from api.schemas import examples
from api.schemas.models import LeadOut
from shared.contacts import ContactError
from shared.database.engine import Database
from shared.database.models import WebhookDelivery

router = APIRouter(
    prefix="/deliveries",
    tags=["deliveries"],
    dependencies=[Depends(require_api_token)],
    responses={**examples.UNAUTHORIZED, **examples.UNPROCESSABLE, **examples.UNAVAILABLE},
)


class DeliveryOut(BaseModel):
    """A webhook call and what became of it."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [examples.DELIVERY]})

    id: int
    source: str
    received_at: datetime
    content_type: str | None
    outcome: Outcome = Field(description="`received` until it is understood.")
    error: str | None = Field(description="Why it is `refused`.")
    lead_id: int | None = Field(description="The lead that it brought, or came again for.")


class DeliveryDetail(DeliveryOut):
    """The same with its body, secrets masked."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [examples.DELIVERY_DETAIL]}
    )

    body: str


class DeliveryPage(BaseModel):
    """Deliveries, newest first; pass `next_cursor` on as `cursor` for those that follow."""

    items: list[DeliveryOut]
    next_cursor: str | None


@router.get("", summary="List deliveries", response_description="The newest deliveries first.")
async def list_deliveries(
    database: DatabaseDep, filters: Annotated[DeliveryFilters, Query()]
) -> DeliveryPage:
    """Newest first, filtered: `outcome=refused` has what brought no lead. There are more if `next_cursor` is
    not null. They are kept for DELIVERY_RETENTION_DAYS."""
    async with database.reading() as session:
        found = (await session.exec(filters.query())).all()
    items = [DeliveryOut.model_validate(delivery) for delivery in found[: filters.limit]]
    is_last = len(found) <= filters.limit
    return DeliveryPage(
        items=items, next_cursor=None if is_last else filters.cursor_after(found[len(items) - 1])
    )


@router.get(
    "/{delivery_id}",
    summary="Show a delivery",
    response_description="The delivery with its body.",
    responses=examples.NO_DELIVERY,
)
async def show_delivery(delivery_id: RowId, database: DatabaseDep) -> DeliveryDetail:
    """One delivery with its body as it came: secrets are masked, and bytes that are no text are escaped."""
    return DeliveryDetail.model_validate(await _existing(database, delivery_id))


@router.post(
    "/{delivery_id}/replay",
    status_code=201,
    summary="Read a delivery anew",
    response_model=LeadOut,
    response_description="The lead that it brought now.",
    responses={
        200: {"model": LeadOut, "description": "The lead was there already: the delivery is its repeat."},
        **examples.NO_DELIVERY,
        409: examples.problem(
            "It has brought its lead before.", "delivery 7 is stored: what it brought is lead 1"
        ),
    },
)
async def replay(delivery_id: RowId, database: DatabaseDep, settings: SettingsDep) -> Response:
    """Read what is stored as if it came now: after a change of what the fields mean, say. The lead counts as
    come when the delivery came. 422 if there is still nobody to write to."""
    result = await reprocess(database, delivery_id, settings, among=REPLAYABLE)
    if result is None:
        delivery = await _existing(database, delivery_id)
        brought = "has been deleted" if delivery.lead_id is None else f"is lead {delivery.lead_id}"
        raise HTTPException(409, f"delivery {delivery_id} is {delivery.outcome}: what it brought {brought}")
    if result.lead is None:
        error = result.error or ContactError("body", "this is the test with which Tilda connects")
        raise invalid(error.field, str(error), kind="contact")
    return stored(result.lead, created=result.created)


async def _existing(database: Database, delivery_id: int) -> WebhookDelivery:
    async with database.reading() as session:
        delivery = await session.get(WebhookDelivery, delivery_id)
    if delivery is None:
        raise HTTPException(404, f"there is no delivery {delivery_id}")
    return delivery
