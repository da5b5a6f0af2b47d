"""Webhook deliveries: list them, show one, process one again."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query
from fastapi.responses import Response
from pydantic import TypeAdapter

from api.dependencies import DatabaseDep, SettingsDep
from api.errors import invalid
from api.intake.reprocessing import REPLAYABLE, reprocess
from api.queries.filters import DeliveryFilters, RowId
from api.schemas import examples
from api.schemas.deliveries import DeliveryDetail, DeliveryOut, DeliveryPage
from api.schemas.models import ContactEvidence, LeadOut
from api.schemas.responses import lead_response
from api.security.tokens import require_api_token
from shared.contacts import ContactError
from shared.database.engine import Database
from shared.database.models import Lead, WebhookDelivery

router = APIRouter(
    prefix="/deliveries",
    tags=["deliveries"],
    dependencies=[Depends(require_api_token)],
    responses={**examples.UNAUTHORIZED, **examples.UNPROCESSABLE, **examples.UNAVAILABLE},
)


@router.get("", summary="List deliveries", response_description="The newest deliveries first.")
async def list_deliveries(
    database: DatabaseDep, filters: Annotated[DeliveryFilters, Query()]
) -> DeliveryPage:
    """Newest first, with filters: `outcome=refused` lists the calls that created no lead. If `next_cursor` is
    not null, there are more. Deliveries are kept for DELIVERY_RETENTION_DAYS."""
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
    """One delivery with its original body. Secrets are masked, and bytes that are not text are escaped."""
    detail = DeliveryDetail.model_validate(await _get_or_404(database, delivery_id))
    if detail.lead_id is not None:
        async with database.reading() as session:
            lead = await session.get(Lead, detail.lead_id)
        if lead is not None:
            evidence = TypeAdapter(dict[str, ContactEvidence]).validate_python(lead.contact_evidence)
            detail = detail.model_copy(update={"contact_evidence": evidence})
    return detail


@router.post(
    "/{delivery_id}/replay",
    status_code=201,
    summary="Process a delivery again",
    response_model=LeadOut,
    response_description="The lead that the delivery created now.",
    responses={
        200: {"model": LeadOut, "description": "The lead exists already: the delivery is a repeat of it."},
        **examples.NO_DELIVERY,
        409: examples.problem(
            "The delivery has created its lead before.", "delivery 7 is stored: its lead is lead 1"
        ),
    },
)
async def replay(delivery_id: RowId, database: DatabaseDep, settings: SettingsDep) -> Response:
    """Process the stored body again, for example after a change of the field mapping. The new lead's
    `created_at` is the time of the delivery. 422 if it still contains no usable contact."""
    result = await reprocess(database, delivery_id, settings, outcomes=REPLAYABLE)
    if result is None:
        delivery = await _get_or_404(database, delivery_id)
        if delivery.outcome in REPLAYABLE:
            raise HTTPException(409, f"delivery {delivery_id} is a call about a booking, and no form")
        state = "has been deleted" if delivery.lead_id is None else f"is lead {delivery.lead_id}"
        raise HTTPException(409, f"delivery {delivery_id} is {delivery.outcome}: its lead {state}")
    if result.lead is None:
        error = result.error or ContactError(
            "body", "this is the test call that Tilda sends when the webhook is connected"
        )
        raise invalid(error.field, str(error), kind="contact")
    return lead_response(result.lead, created=result.created)


async def _get_or_404(database: Database, delivery_id: int) -> WebhookDelivery:
    async with database.reading() as session:
        delivery = await session.get(WebhookDelivery, delivery_id)
    if delivery is None:
        raise HTTPException(404, f"there is no delivery {delivery_id}")
    return delivery
