"""Composes the greeting, once per lead; a second attempt to deliver it reuses the text."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from shared.statuses import LeadStatus
from worker.dialogue.persona import Persona
from worker.domain.assistant_port import Assistant, AssistantError, AssistantUnavailableError, Greeting
from worker.domain.conversation import Conversation
from worker.domain.outcomes import ChangeStatus, Outcome, QueueMessage

# After this many unusable texts of the model, the greeting comes from a template.
MAX_UNUSABLE_TEXTS = 2


@dataclass(frozen=True)
class GreetingConfig:
    """The company and the persona that greet, and whether the model writes the text (`by_model`)."""

    company: str
    persona: Persona = field(default_factory=Persona)
    by_model: bool = True


async def greet(
    conversation: Conversation,
    assistant: Assistant,
    config: GreetingConfig,
    *,
    now: datetime,
    zone: tzinfo,
    model_timeout: timedelta,
) -> Outcome:
    """Queue the greeting; a text that could not be delivered by username is used again for the phone.

    A lead that has waited for the model as long as `model_timeout` gets a template's text.
    """
    persona = config.persona
    earlier = conversation.greetings
    if any(message.state == "sent" for message in earlier):
        return ChangeStatus(LeadStatus.CONTACTED, "was greeted before")
    key = f"{conversation.id}:greeting:{len(earlier) + 1}"
    if earlier:
        return _queue_greeting(key, earlier[-1].text)
    new_requests = conversation.new_requests
    brief = replace(
        conversation.brief(now.astimezone(zone)),
        later_requests=tuple(message.text for message in new_requests),
        is_returning=conversation.is_returning,
    )
    template_text = persona.add_signature(persona.render_greeting(brief, config.company))
    if not config.by_model:
        return _queue_greeting(key, template_text)
    try:
        greeting = await assistant.greeting(brief)
    except AssistantError as error:
        if isinstance(error, AssistantUnavailableError):
            may_retry = now - conversation.lead.updated_at < model_timeout
        else:
            may_retry = conversation.lead.attempts < MAX_UNUSABLE_TEXTS
        if may_retry:
            raise
        return _queue_greeting(key, template_text)
    # Only the model's text covers the later requests; after a template they are answered by the next reply.
    text = persona.add_signature(greeting.text)
    return _queue_greeting(key, text, greeting, tuple(message.id for message in new_requests if message.id))


def _queue_greeting(
    key: str, text: str, source: Greeting | None = None, answers: tuple[int, ...] = ()
) -> QueueMessage:
    return QueueMessage(
        "greeting",
        key,
        text,
        next_status=LeadStatus.CONTACTED,
        answers_message_ids=answers,
        source=source,
        without_model=source is None,
    )
