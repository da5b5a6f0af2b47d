"""`python -m worker preview`: the first message that a person would get; nothing is stored or sent."""

from contextlib import suppress
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from shared.clock import utc_now
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from shared.translations import Language, say, translate_reason
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.providers import build_model
from worker.assistant.qualification import scores
from worker.assistant.trust import Trust
from worker.dialogue import persona
from worker.dispatch.steps.greet import GreetingConfig, greet
from worker.domain.assistant_port import Greeting, Usage
from worker.domain.conversation import Conversation
from worker.domain.outcomes import QueueMessage
from worker.messaging import outbox
from worker.monitoring.status_report import StatusError, describe_fault
from worker.settings import AssistantSettings

# The model's failure is shown at once, instead of waiting for it.
_NO_TEMPLATE_INSTEAD = timedelta(days=3_650)


async def preview(settings: AssistantSettings, *, lead_id: int | None, name: str, request: str) -> str:
    """Return the greeting of a stored lead, or of one with this name and request, with verdict and cost.

    Raises StatusError for an unknown lead or a database that does not answer, and AssistantError if the model
    does not answer.
    """
    database = Database(settings.database_url, pool_size=1)
    model = build_model(settings)
    try:
        trust = await _load_trust(settings, database)
        conversation = await _conversation(database, lead_id, name=name, request=request)
        config = GreetingConfig(
            settings.company_name, persona.load(settings.assistant_config), settings.greeting_mode == "model"
        )
        outcome = await greet(
            conversation,
            ModelAssistant(settings, model, trust=trust),
            config,
            now=utc_now(),
            zone=ZoneInfo(settings.timezone),
            model_timeout=_NO_TEMPLATE_INSTEAD,
        )
    finally:
        await model.close()
        await database.close()
    assert isinstance(outcome, QueueMessage)  # noqa: S101 - a conversation without a greeting is greeted
    greeting = outcome.source if isinstance(outcome.source, Greeting) else None
    return render(settings.owner_language, outcome.text, greeting, why_fixed(settings, trust, conversation))


def why_fixed(settings: AssistantSettings, trust: Trust, conversation: Conversation) -> str:
    """Return why a text comes from a template."""
    if conversation.is_unconfirmed:
        return "the contact is not certain, so the person is asked first"
    if settings.greeting_mode != "model":
        return "GREETING_MODE=template"
    if not trust.is_any_trusted:
        return "the model is in careful mode: python -m worker qualify"
    return "the model returned no usable text"


def render(language: Language, text: str, greeting: Greeting | None, fixed_because: str) -> str:
    """Return the text as it would be sent, then the guard's verdict and the cost in the owner's language."""
    if greeting is None:
        because = translate_reason(language, fixed_because)
        lines = [say(language, "from: a template ({why})", why=because), say(language, "cost: none")]
    else:
        lines = [
            say(language, "from: the model"),
            _verdict(language, greeting.refused),
            _cost(language, greeting.usage),
        ]
    return "\n".join([text, "", *lines])


def _verdict(language: Language, refused: str | None) -> str:
    if not refused:
        return say(language, "guard: passed")
    return say(language, "guard: refused a text: {why}", why=translate_reason(language, refused))


def _cost(language: Language, usage: Usage | None) -> str:
    if usage is None:
        return say(language, "cost: unknown")
    is_known = usage.cost_usd is not None
    text = "cost: {price:.5f} USD" if is_known else "cost: price unknown, see OPENAI_PRICE"
    details = say(
        language,
        "{model}, {tokens_in} tokens in, {tokens_out} out, {latency} ms",
        model=usage.model,
        tokens_in=usage.tokens_in or "?",
        tokens_out=usage.tokens_out or "?",
        latency=usage.latency_ms,
    )
    return f"{say(language, text, price=usage.cost_usd)} ({details})"


async def _load_trust(settings: AssistantSettings, database: Database) -> Trust:
    """Return the trust that a worker would have; without a usable database, no model is trusted by `auto`."""
    trust = Trust(settings.assistant_trust)
    with suppress(*DATABASE_DOWN, SQLAlchemyError, OSError):
        async with database.reading() as session:
            for model in settings.providers:
                if (score := await scores.load(session, model)) is not None:
                    trust.record(scores.server_of(model), score)
    return trust


async def _conversation(database: Database, lead_id: int | None, *, name: str, request: str) -> Conversation:
    if lead_id is None:
        now = utc_now()
        extra = {"Запрос": request} if request else {}
        lead = Lead(
            id=0, name=name, source="preview", extra=extra, status=LeadStatus.RESOLVED, updated_at=now
        )
        return Conversation(lead, [])
    try:
        async with database.reading() as session:
            stored = await session.get(Lead, lead_id)
            messages = (await outbox.transcripts(session, [lead_id]))[lead_id]
    except (*DATABASE_DOWN, SQLAlchemyError, OSError) as error:
        raise StatusError(describe_fault(error)) from None
    if stored is None:
        raise StatusError(f"there is no lead {lead_id}")
    # As if the person had not been greeted yet.
    return Conversation(stored, [message for message in messages if message.kind == "request"])
