"""Response models of webhook calls with several people."""

from pydantic import BaseModel, Field

from api.schemas.models import LeadOut
from shared.statuses import DeliveryOutcome


class ReceivedLead(BaseModel):
    """The result for one person of a call."""

    outcome: DeliveryOutcome
    lead: LeadOut | None = Field(description="The lead that the call created, or that it repeats.")
    error: str | None = Field(description="Why the person was refused: the field and the problem.")


class ReceivedLeads(BaseModel):
    """The result for each person of a call, in the order of the call."""

    leads: list[ReceivedLead]
