"""Compose the first message: once per lead, whichever way it is delivered."""

from datetime import datetime, timedelta

from shared.status import LeadStatus
from worker import templates
from worker.outcomes import Advance, Outcome, Say
from worker.ports import Assistant, AssistantError, AssistantUnavailableError
from worker.work import Work

# After so many unusable texts a plain greeting is better than none.
MOST_UNUSABLE = 2


async def greet(
    work: Work, assistant: Assistant, *, company: str, now: datetime, patience: timedelta
) -> Outcome:
    """Say the greeting; a text that could not be delivered by username is used again for the phone.

    A lead that has waited for the model as long as `patience` gets a template's text.
    """
    earlier = work.greetings
    if any(message.state == "sent" for message in earlier):
        return Advance(LeadStatus.CONTACTED, "was greeted before")
    text = earlier[-1].text if earlier else None
    without_model = text is not None
    try:
        if text is None:
            text = (await assistant.greeting(work.brief())).text
    except AssistantError as error:
        away = isinstance(error, AssistantUnavailableError)
        if now - work.lead.updated_at < patience if away else work.lead.attempts < MOST_UNUSABLE:
            raise
        text, without_model = templates.greeting(work.brief(), company), True
    key = f"{work.id}:greeting:{len(earlier) + 1}"
    return Say("greeting", key, text, becomes=LeadStatus.CONTACTED, without_model=without_model)
