"""Compose the first message: once per lead, whichever way it is delivered."""

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo

from shared.status import LeadStatus
from worker import templates
from worker.outcomes import Advance, Outcome, Say
from worker.ports import Assistant, AssistantError, AssistantUnavailableError, Greeting
from worker.work import Work

# After so many unusable texts a plain greeting is better than none.
MOST_UNUSABLE = 2


async def greet(
    work: Work, assistant: Assistant, *, company: str, now: datetime, zone: tzinfo, patience: timedelta
) -> Outcome:
    """Say the greeting; a text that could not be delivered by username is used again for the phone.

    A lead that has waited for the model as long as `patience` gets a template's text.
    """
    earlier = work.greetings
    if any(message.state == "sent" for message in earlier):
        return Advance(LeadStatus.CONTACTED, "was greeted before")
    key = f"{work.id}:greeting:{len(earlier) + 1}"
    if earlier:
        return _say(key, earlier[-1].text)
    further = work.new_requests
    brief = replace(
        work.brief(now.astimezone(zone)),
        further=tuple(message.text for message in further),
        met_before=work.met_before,
    )
    try:
        greeting = await assistant.greeting(brief)
    except AssistantError as error:
        away = isinstance(error, AssistantUnavailableError)
        if now - work.lead.updated_at < patience if away else work.lead.attempts < MOST_UNUSABLE:
            raise
        return _say(key, templates.greeting(brief, company))
    # A template's words speak of one request: what else was asked is answered after it.
    return _say(key, greeting.text, greeting, tuple(message.id for message in further if message.id))


def _say(key: str, text: str, source: Greeting | None = None, answers: tuple[int, ...] = ()) -> Say:
    return Say(
        "greeting",
        key,
        text,
        becomes=LeadStatus.CONTACTED,
        answers=answers,
        source=source,
        without_model=source is None,
    )
