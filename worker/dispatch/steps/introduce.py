"""Replies to a person who wrote before we did: the answer to their words has the greeting's content in it."""

from dataclasses import replace
from datetime import datetime, timedelta

from shared.intents import Intent
from shared.statuses import LeadStatus
from worker.dialogue import templates
from worker.dispatch.steps import responses
from worker.dispatch.steps.greet import GreetingConfig, compose_greeting
from worker.dispatch.steps.responses import Response
from worker.dispatch.steps.wishes import respond_to_wish
from worker.domain import voice_notes
from worker.domain.assistant_port import Assistant, Verdict
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NothingToDo, Outcome


async def introduce(
    conversation: Conversation,
    assistant: Assistant,
    config: GreetingConfig,
    *,
    booking_link: str,
    now: datetime,
    model_timeout: timedelta,
    hours: Hours | None = None,
) -> Outcome:
    """Queue a greeting that answers the person's words, with the booking link if they agree to a call.

    A refusal, a wish for a human and a wish to be written to later are answered as in any conversation.
    Without unanswered messages: NothingToDo. `now` is in the owner's time zone. A greeting that has waited
    for the model for `model_timeout` comes from a template.
    """
    if not conversation.unanswered:
        return NothingToDo()
    verdict = await assistant.reply(conversation.brief(now), conversation.turns())
    verdict = responses.without_opt_out_by_reaction(conversation, verdict)
    verdict = responses.resolve_contradictions(verdict)
    requested_time = responses.requested_time(verdict, hours)
    response = _respond_to_request(verdict, requested_time)
    if response is None:
        waited = now - conversation.unanswered[0].created_at >= model_timeout
        response, verdict = await _greet(
            conversation, verdict, assistant, config, booking_link=booking_link, now=now, waited=waited
        )
    return responses.queue_response(conversation, response, verdict)


def _respond_to_request(verdict: Verdict, follow_up_at: datetime | None) -> Response | None:
    handed_off = responses.hand_off(verdict)
    if handed_off is not None:
        return handed_off
    if verdict.intent is Intent.REJECT:
        return Response("apology", verdict.text, LeadStatus.REJECTED, responses.refusal_reason(verdict))
    return respond_to_wish(LeadStatus.ENGAGED, verdict, "", follow_up_at)


async def _greet(
    conversation: Conversation,
    verdict: Verdict,
    assistant: Assistant,
    config: GreetingConfig,
    *,
    booking_link: str,
    now: datetime,
    waited: bool,
) -> tuple[Response, Verdict]:
    brief = replace(
        conversation.brief(now),
        later_requests=tuple(message.text for message in conversation.all_requests),
        first_words=conversation.without_contacts(conversation.unanswered_text),
    )
    greeting = await compose_greeting(brief, assistant, config, conversation, waited=waited)
    text = config.persona.render_greeting(brief, config.company) if greeting is None else greeting.text
    text = config.persona.add_signature(text)
    verdict = responses.with_greeting(verdict, greeting)
    if voice_notes.is_only_voice(conversation.unanswered_text):
        text = f"{text}\n\n{templates.voice_not_supported(conversation.language)}"
    elif verdict.intent is Intent.ACCEPT:
        text = f"{text}\n\n{verdict.text}\n{booking_link}"
        return Response("link", text, LeadStatus.SCHEDULED), verdict
    elif greeting is None and verdict.intent is Intent.QUESTION:
        # The template does not answer questions.
        text = f"{text}\n\n{verdict.text}"
    return Response("answer", text, LeadStatus.ENGAGED), verdict
