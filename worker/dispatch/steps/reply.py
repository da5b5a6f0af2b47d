"""Replies to all unanswered messages of a contact together."""

import re
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from shared.intents import Intent
from shared.statuses import LeadStatus
from worker.dialogue import templates
from worker.dispatch.steps import responses
from worker.dispatch.steps.responses import Response
from worker.dispatch.steps.wishes import respond_to_wish
from worker.domain import voice_notes
from worker.domain.assistant_port import Assistant, Verdict, Wish
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NoReplyNeeded, NothingToDo, Outcome

_WITH_LINK = frozenset({LeadStatus.SCHEDULED, LeadStatus.BOOKED})
_ASKS_FOR_LINK = re.compile(r"ссылк|линк|\blink\b", re.IGNORECASE)


async def reply(
    conversation: Conversation,
    assistant: Assistant,
    *,
    booking_link: str,
    now: datetime,
    hours: Hours | None = None,
) -> Outcome:
    """Queue an answer, an apology or the booking link; NoReplyNeeded if no text is needed.

    Without unanswered messages: NothingToDo. `now` is in the owner's time zone. `hours` are the outreach
    hours, which also apply to requested times.
    """
    unanswered = conversation.unanswered
    if not unanswered:
        return NothingToDo()
    if voice_notes.is_only_voice(conversation.unanswered_text) and not conversation.asked_to_clarify:
        return responses.ask_for_text(conversation)
    verdict = await assistant.reply(conversation.brief(now), conversation.turns())
    verdict = responses.without_opt_out_by_reaction(conversation, verdict)
    only_requests = len(conversation.new_requests) == len(unanswered)
    verdict = _acknowledge_request(verdict) if only_requests else responses.resolve_contradictions(verdict)
    requested_time = responses.requested_time(verdict, hours)
    response = _respond(conversation, verdict, booking_link, requested_time)
    if response is None and conversation.new_requests:
        response = Response("answer", templates.new_request_received(verdict.language), None)
    if response is not None and only_requests and verdict.needs_human is None:
        response = replace(response, target=None)
    if response is None:
        answers = tuple(message.id for message in unanswered)
        return NoReplyNeeded(answers, verdict.intent, verdict.do_not_contact, verdict)
    return responses.queue_response(conversation, response, verdict)


def _acknowledge_request(verdict: Verdict) -> Verdict:
    """Acknowledge a later form: it never answers the offer of a call, whatever intent the model reports."""
    text = verdict.text
    if verdict.intent in {Intent.ACCEPT, Intent.REJECT} or verdict.refused is not None:
        to_human = verdict.needs_human is not None
        template = templates.handoff_notice if to_human else templates.new_request_received
        text = template(verdict.language)
    return responses.with_fixed_words(
        replace(
            verdict,
            intent=Intent.QUESTION,
            text=text,
            do_not_contact=False,
            wish=Wish.NONE,
            write_at=None,
        )
    )


def _respond(
    conversation: Conversation, verdict: Verdict, booking_link: str, follow_up_at: datetime | None
) -> Response | None:
    handed_off = responses.hand_off(verdict)
    if handed_off is not None:
        return handed_off
    granted = respond_to_wish(conversation.lead.status, verdict, booking_link, follow_up_at)
    if granted is not None:
        return granted
    unclear = responses.hand_off_if_unclear_again(conversation, verdict)
    if unclear is not None:
        return unclear
    has_link = conversation.lead.status in _WITH_LINK
    unanswered = "\n".join(message.text for message in conversation.unanswered)
    if verdict.intent is Intent.ACCEPT and has_link and _ASKS_FOR_LINK.search(unanswered):
        return Response("link", f"{verdict.text}\n{booking_link}", None)
    return _respond_to_intent(conversation.lead.status, verdict, booking_link)


def _respond_to_intent(status: LeadStatus, verdict: Verdict, booking_link: str) -> Response | None:
    """Return the response for an intent; None if no text is needed."""
    has_link = status in _WITH_LINK
    # A question after the link, or after a refusal of it, is answered without a change of status.
    talking = None if has_link else LeadStatus.ENGAGED
    match verdict.intent:
        case Intent.ACCEPT:
            # "Great, thanks" after the link needs no answer.
            return (
                None
                if has_link
                else Response("link", f"{verdict.text}\n{booking_link}", LeadStatus.SCHEDULED)
            )
        case Intent.REJECT:
            refused_before = status is LeadStatus.REJECTED
            reason = responses.refusal_reason(verdict)
            return None if refused_before else Response("apology", verdict.text, LeadStatus.REJECTED, reason)
        case Intent.QUESTION:
            return Response("answer", verdict.text, talking)
        case Intent.AMBIGUOUS:
            return Response("clarification", verdict.text, talking)
        case _:
            assert_never(verdict.intent)
