"""Composes the greeting, once per lead; a second attempt to deliver it reuses the text."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from shared.database.models import Message
from shared.leads.form_fields import person_fields
from shared.statuses import LeadStatus
from worker.dialogue import templates
from worker.dialogue.persona import Persona
from worker.domain.assistant_port import (
    Assistant,
    AssistantError,
    AssistantRefusedError,
    AssistantUnavailableError,
    Brief,
    Greeting,
)
from worker.domain.conversation import Conversation
from worker.domain.outcomes import ChangeStatus, Outcome, QueueMessage

# After this many unusable texts of the model, the greeting comes from a template.
MAX_UNUSABLE_TEXTS = 2
# Ends the key of a greeting that tells nothing about the request.
_NEUTRAL = ":neutral"


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

    A lead that has waited for the model as long as `model_timeout` gets a template's text. A person who was
    found by weak evidence is only asked whether they left a request.
    """
    earlier = conversation.greetings
    if any(message.state == "sent" for message in earlier):
        return ChangeStatus(LeadStatus.CONTACTED, "was greeted before")
    key = f"{conversation.id}:greeting:{len(earlier) + 1}"
    if conversation.is_unconfirmed:
        return _queue_greeting(f"{key}{_NEUTRAL}", _neutral_text(conversation, config))
    reusable = [message for message in earlier if not _is_neutral(message)]
    if reusable:
        return _queue_greeting(key, reusable[-1].text)
    new_requests = conversation.new_requests
    brief = replace(
        conversation.brief(now.astimezone(zone)),
        later_requests=tuple(message.text for message in new_requests),
        is_returning=conversation.is_returning,
    )
    greeting = await compose_greeting(
        brief, assistant, config, conversation, waited=now - conversation.lead.updated_at >= model_timeout
    )
    if greeting is None:
        text = config.persona.add_signature(config.persona.render_greeting(brief, config.company))
        return _queue_greeting(key, text)
    # Only the model's text covers the later requests; after a template they are answered by the next reply.
    text = config.persona.add_signature(greeting.text)
    return _queue_greeting(key, text, greeting, tuple(message.id for message in new_requests if message.id))


async def compose_greeting(
    brief: Brief, assistant: Assistant, config: GreetingConfig, conversation: Conversation, *, waited: bool
) -> Greeting | None:
    """Return the model's greeting, or None if the owner's template is to be used.

    Raises AssistantError if the model is to be tried again. `waited`: it has been waited for long enough.
    """
    if not config.by_model:
        return None
    try:
        greeting = await assistant.greeting(brief)
        return None if greeting.is_fixed else greeting
    except AssistantRefusedError:
        return None
    except AssistantError as error:
        if isinstance(error, AssistantUnavailableError):
            may_retry = not waited
        else:
            may_retry = conversation.lead.attempts < MAX_UNUSABLE_TEXTS
        if may_retry:
            raise
        return None


def _neutral_text(conversation: Conversation, config: GreetingConfig) -> str:
    lead = conversation.lead
    language = templates.form_language(lead.name, list(person_fields(lead.extra).values()))
    name = conversation.brief().name
    return config.persona.add_signature(templates.neutral_greeting(name, config.company, language))


def _is_neutral(message: Message) -> bool:
    return (message.key or "").endswith(_NEUTRAL)


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
