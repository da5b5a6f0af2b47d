"""Response models of webhook deliveries."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import examples
from api.schemas.models import ContactEvidence
from shared.statuses import DeliveryOutcome


class DeliveryOut(BaseModel):
    """A webhook call and its outcome."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [examples.DELIVERY]})

    id: int
    source: str
    received_at: datetime
    content_type: str | None
    outcome: DeliveryOutcome = Field(description="`received` until the call has been processed.")
    error: str | None = Field(description="Why the call was `refused`.")
    lead_id: int | None = Field(description="The lead that the call created, or that it repeats.")


class DeliveryDetail(DeliveryOut):
    """A webhook call with its body; secrets are masked."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [examples.DELIVERY_DETAIL]}
    )

    query: str | None = Field(description="The query string of the call.")
    idempotency_key: str | None = Field(
        description="The sender's id of the submission, from `Idempotency-Key` or `webhook-id`."
    )
    body: str
    contact_evidence: dict[str, ContactEvidence] | None = Field(
        None, description="How the contacts of the lead were read; null without a lead."
    )


class DeliveryPage(BaseModel):
    """Deliveries, newest first; to get the next page, send `next_cursor` as `cursor`."""

    items: list[DeliveryOut]
    next_cursor: str | None
