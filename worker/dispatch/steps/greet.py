"""Compose the first message: once per lead, whichever way it is delivered."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from shared.statuses import LeadStatus
from worker.dialogue.persona import Persona
from worker.domain.assistant_port import Assistant, AssistantError, AssistantUnavailableError, Greeting
from worker.domain.conversation import Conversation
from worker.domain.outcomes import ChangeStatus, Outcome, QueueMessage

# After so many unusable texts a plain greeting is better than none.
MOST_UNUSABLE = 2


@dataclass(frozen=True)
class GreetingConfig:
    """How conversations are begun: for whom, in what manner, and whether the model is asked for the words."""

    company: str
    manner: Persona = field(default_factory=Persona)
    by_model: bool = True


async def greet(
    work: Conversation,
    assistant: Assistant,
    opening: GreetingConfig,
    *,
    now: datetime,
    zone: tzinfo,
    patience: timedelta,
) -> Outcome:
    """Say the greeting; a text that could not be delivered by username is used again for the phone.

    A lead that has waited for the model as long as `patience` gets a template's text.
    """
    manner = opening.manner
    earlier = work.greetings
    if any(message.state == "sent" for message in earlier):
        return ChangeStatus(LeadStatus.CONTACTED, "was greeted before")
    key = f"{work.id}:greeting:{len(earlier) + 1}"
    if earlier:
        return _say(key, earlier[-1].text)
    further = work.new_requests
    brief = replace(
        work.brief(now.astimezone(zone)),
        later_requests=tuple(message.text for message in further),
        is_returning=work.is_returning,
    )
    plain = manner.add_signature(manner.render_greeting(brief, opening.company))
    if not opening.by_model:
        return _say(key, plain)
    try:
        greeting = await assistant.greeting(brief)
    except AssistantError as error:
        away = isinstance(error, AssistantUnavailableError)
        if now - work.lead.updated_at < patience if away else work.lead.attempts < MOST_UNUSABLE:
            raise
        return _say(key, plain)
    # A template's words speak of one request: what else was asked is answered after it.
    said = manner.add_signature(greeting.text)
    return _say(key, said, greeting, tuple(message.id for message in further if message.id))


def _say(key: str, text: str, source: Greeting | None = None, answers: tuple[int, ...] = ()) -> QueueMessage:
    return QueueMessage(
        "greeting",
        key,
        text,
        next_status=LeadStatus.CONTACTED,
        answers_message_ids=answers,
        source=source,
        without_model=source is None,
    )
