"""Response models of webhook deliveries."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.schemas import examples

# `api.queries.filters.Outcome` has the same values: the two packages must not import each other.
Outcome = Literal["received", "stored", "duplicate", "probe", "refused"]


class DeliveryOut(BaseModel):
    """A webhook call and its outcome."""

    model_config = ConfigDict(from_attributes=True, json_schema_extra={"examples": [examples.DELIVERY]})

    id: int
    source: str
    received_at: datetime
    content_type: str | None
    outcome: Outcome = Field(description="`received` until the call has been processed.")
    error: str | None = Field(description="Why the call was `refused`.")
    lead_id: int | None = Field(description="The lead that the call created, or that it repeats.")


class DeliveryDetail(DeliveryOut):
    """A webhook call with its body; secrets are masked."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_extra={"examples": [examples.DELIVERY_DETAIL]}
    )

    body: str


class DeliveryPage(BaseModel):
    """Deliveries, newest first; to get the next page, send `next_cursor` as `cursor`."""

    items: list[DeliveryOut]
    next_cursor: str | None
