"""A human has an unreachable or failed lead tried again."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead
from shared.errors import IllegalTransitionError, LeadAssistantError, LostRaceError
from shared.leads.transitions import change_status
from shared.statuses import GIVEN_UP, LeadStatus


class RetryError(LeadAssistantError):
    """The lead cannot be tried again; the text tells the operator why. Nothing is written."""


async def try_again(session: AsyncSession, lead: Lead, *, actor: str, now: datetime) -> None:
    """Set the lead back to `pending`, due now; raises RetryError if it is not unreachable or failed."""
    if lead.status not in GIVEN_UP:
        raise RetryError(f"the lead is {lead.status}: only an unreachable or failed one is tried again")
    try:
        await change_status(
            session,
            lead,
            LeadStatus.PENDING,
            reason="tried again on request",
            actor=actor,
            now=now,
            due_at=now,
            username_error=None,
            phone_error=None,
        )
    except (IllegalTransitionError, LostRaceError):
        raise RetryError("the lead's status has just changed: load it again") from None
    await session.refresh(lead)
