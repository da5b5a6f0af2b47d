"""Replies to an unconfirmed person: found by weak evidence, they have not said that they left the request.

Nothing here tells them about the request. If they confirm it, the real greeting follows.
"""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from shared.intents import Intent
from shared.leads import contact_evidence
from shared.statuses import FOLLOWED_UP, LeadStatus
from worker.dialogue import templates
from worker.dispatch.steps import responses
from worker.dispatch.steps.greet import GreetingConfig, compose_greeting
from worker.dispatch.steps.responses import Response
from worker.dispatch.steps.wishes import respond_to_wish
from worker.domain import voice_notes
from worker.domain.assistant_port import Assistant, Verdict
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NoReplyNeeded, NothingToDo, Outcome

CONFIRMED = "the person confirmed that they left the request"
NOT_CONFIRMED = "the person did not confirm that they left the request"
_CALL = re.compile(r"созвон|созвани|\bcall\b", re.IGNORECASE)


async def confirm(
    conversation: Conversation,
    assistant: Assistant,
    config: GreetingConfig,
    *,
    now: datetime,
    model_timeout: timedelta,
    hours: Hours | None = None,
    booking_link: str = "",
) -> Outcome:
    """Queue the greeting if the person confirms the request, else an answer that tells nothing about it.

    A person who confirms it and agrees to a call at once gets the booking link.

    Without unanswered messages: NothingToDo. `now` is in the owner's time zone. A greeting that has waited
    for the model for `model_timeout` comes from a template.
    """
    if not conversation.unanswered:
        return NothingToDo()
    answers = tuple(message.id for message in conversation.unanswered)
    if len(conversation.new_requests) == len(answers):
        # They say nothing about who the person is. The greeting that follows a confirmation covers them.
        return NoReplyNeeded(answers, Intent.QUESTION)
    if voice_notes.is_only_voice(conversation.unanswered_text) and not conversation.asked_to_clarify:
        return responses.ask_for_text(conversation)
    verdict = await assistant.reply(conversation.brief(now), conversation.turns())
    verdict = responses.without_opt_out_by_reaction(conversation, verdict)
    verdict = responses.resolve_contradictions(verdict)
    if not conversation.has_written and verdict.intent is Intent.ACCEPT:
        # They wrote first: they were not asked whether they left a request, so this is no answer to it.
        verdict = replace(verdict, intent=Intent.AMBIGUOUS)
    response = _respond_to_request(conversation, verdict, responses.requested_time(verdict, hours))
    if response is None and _agrees_to_call(conversation, verdict) and booking_link:
        link = f"{verdict.text}\n{booking_link}"
        response = Response("link", link, LeadStatus.SCHEDULED, CONFIRMED, key=_key(conversation))
    if response is None and verdict.intent is Intent.ACCEPT:
        waited = now - conversation.unanswered[0].created_at >= model_timeout
        response, verdict = await _greet(conversation, verdict, assistant, config, now=now, waited=waited)
    response = response or _respond_to_intent(conversation, verdict, config.company)
    if response is None:
        return NoReplyNeeded(answers, verdict.intent, verdict.do_not_contact, verdict)
    return responses.queue_response(conversation, response, verdict)


def _agrees_to_call(conversation: Conversation, verdict: Verdict) -> bool:
    """Return True if a confirmation also says yes to a call: offering the call again would be odd."""
    return verdict.intent is Intent.ACCEPT and _CALL.search(conversation.unanswered_text) is not None


def _respond_to_request(
    conversation: Conversation, verdict: Verdict, follow_up_at: datetime | None
) -> Response | None:
    """Respond to a wish that may be granted to any person: a human, a call, another day."""
    handed_off = responses.hand_off(verdict)
    if handed_off is not None or verdict.intent is Intent.REJECT:
        return handed_off
    # As for a person without the booking link, whatever the status.
    status = LeadStatus.ENGAGED if conversation.lead.status in FOLLOWED_UP else conversation.lead.status
    granted = respond_to_wish(status, verdict, "", follow_up_at)
    if granted is None or granted.follow_up_at is None or verdict.intent is not Intent.ACCEPT:
        return granted
    return replace(granted, key=_key(conversation), reason=CONFIRMED)


async def _greet(
    conversation: Conversation,
    verdict: Verdict,
    assistant: Assistant,
    config: GreetingConfig,
    *,
    now: datetime,
    waited: bool,
) -> tuple[Response, Verdict]:
    """Return the greeting that names the request, and the verdict with the usage of both model calls."""
    brief = replace(
        conversation.brief(now, confirmation=conversation.unanswered_text),
        later_requests=tuple(message.text for message in conversation.all_requests),
    )
    greeting = await compose_greeting(brief, assistant, config, conversation, waited=waited)
    text = config.persona.render_greeting(brief, config.company) if greeting is None else greeting.text
    response = Response("answer", text, LeadStatus.ENGAGED, CONFIRMED, key=_key(conversation))
    return response, responses.with_greeting(verdict, greeting)


def _key(conversation: Conversation) -> str:
    return contact_evidence.confirmation_key(conversation.lead, conversation.messages)


def _respond_to_intent(conversation: Conversation, verdict: Verdict, company: str) -> Response | None:
    """Return the response to an intent; None if no text is needed. An acceptance has its greeting already."""
    ask_again = templates.ask_again_about_request(company, verdict.language)
    match verdict.intent:
        case Intent.ACCEPT:
            return None
        case Intent.REJECT:
            refused_before = conversation.lead.status is LeadStatus.REJECTED
            return (
                None
                if refused_before
                else Response("apology", verdict.text, LeadStatus.REJECTED, NOT_CONFIRMED)
            )
        case Intent.QUESTION:
            # The question whether they left a request comes last, so that a "yes" can only answer it.
            return Response("answer", f"{verdict.text}\n\n{ask_again}", LeadStatus.ENGAGED)
        case Intent.AMBIGUOUS:
            if not conversation.has_written:
                name = conversation.brief().name
                ask = templates.neutral_greeting(name, company, verdict.language)
                return Response("answer", ask, LeadStatus.ENGAGED)
            unclear = responses.hand_off_if_unclear_again(conversation, verdict)
            return unclear or Response("clarification", ask_again, LeadStatus.ENGAGED)
        case _:
            assert_never(verdict.intent)
