"""Replies to all unanswered messages of a contact together."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from shared.intents import Intent
from shared.statuses import FOLLOWED_UP, LeadStatus, may_become
from worker.dialogue import follow_up_dates, special_requests, templates
from worker.domain import voice_notes
from worker.domain.assistant_port import Assistant, Verdict
from worker.domain.conversation import Conversation
from worker.domain.local_time import to_local_time
from worker.domain.outcomes import NoReplyNeeded, NothingToDo, Outcome, QueueMessage
from worker.domain.outreach_hours import Hours

UNCLEAR_TWICE = "two unclear answers in a row"
_WITH_LINK = frozenset({LeadStatus.SCHEDULED, LeadStatus.BOOKED})
_ASKS_FOR_LINK = re.compile(r"ссылк|линк|\blink\b", re.IGNORECASE)


@dataclass(frozen=True)
class _Response:
    """A text to send, the status after its delivery (None: unchanged), and the reason for that status."""

    kind: str
    text: str
    target: LeadStatus | None
    reason: str | None = None
    follow_up_at: datetime | None = None


async def reply(
    conversation: Conversation,
    assistant: Assistant,
    *,
    booking_link: str,
    now: datetime,
    hours: Hours | None = None,
) -> Outcome:
    """Queue an answer, an apology or the booking link; NoReplyNeeded if no text is needed.

    Without unanswered messages: the requested follow-up if it is due, else NothingToDo. `now` is in the
    owner's time zone. `hours` are the outreach hours, which also apply to follow-ups.
    """
    unanswered = conversation.unanswered
    if not unanswered:
        return _follow_up(conversation, now)
    if voice_notes.is_only_voice(conversation.unanswered_text) and not conversation.asked_to_clarify:
        return _ask_for_text(conversation)
    verdict = await assistant.reply(conversation.brief(now), conversation.turns())
    only_requests = len(conversation.new_requests) == len(unanswered)
    verdict = _acknowledge_request(verdict) if only_requests else _resolve_contradictions(verdict)
    opts_out = verdict.asks_not_to_be_contacted
    answers = tuple(message.id for message in unanswered)
    response = _respond(conversation, verdict, booking_link, _requested_time(conversation, now, hours))
    if response is None and conversation.new_requests:
        response = _Response("answer", templates.new_request_received(verdict.language), None)
    if response is not None and only_requests and verdict.needs_human is None:
        response = replace(response, target=None)
    if response is None:
        return NoReplyNeeded(answers, verdict.intent, opts_out, verdict)
    return QueueMessage(
        response.kind,
        f"{conversation.id}:reply:{answers[-1]}",
        response.text,
        response.target
        if response.target and may_become(conversation.lead.status, response.target)
        else None,
        answers,
        verdict.intent,
        opts_out,
        response.reason,
        response.follow_up_at,
        verdict,
    )


def _follow_up(conversation: Conversation, now: datetime) -> Outcome:
    """Return the follow-up that the contact asked for, once it is due."""
    lead = conversation.lead
    if lead.follow_up_at is None or lead.follow_up_at > now or lead.status not in FOLLOWED_UP:
        return NothingToDo()
    key = f"{conversation.id}:follow_up:{int(lead.follow_up_at.timestamp())}"
    return QueueMessage(
        "follow_up", key, templates.follow_up(conversation.language), None, without_model=True
    )


def _ask_for_text(conversation: Conversation) -> Outcome:
    answers = tuple(message.id for message in conversation.unanswered)
    target = LeadStatus.ENGAGED if may_become(conversation.lead.status, LeadStatus.ENGAGED) else None
    key, text = f"{conversation.id}:reply:{answers[-1]}", templates.voice_not_supported(conversation.language)
    return QueueMessage("clarification", key, text, target, answers, Intent.AMBIGUOUS, without_model=True)


def _resolve_contradictions(verdict: Verdict) -> Verdict:
    """Make opt-out and intent agree: an opt-out is a refusal, but an acceptance cancels the opt-out."""
    if not verdict.asks_not_to_be_contacted:
        return verdict
    if verdict.intent is Intent.ACCEPT:
        return replace(verdict, asks_not_to_be_contacted=False)
    if verdict.intent is Intent.REJECT and verdict.needs_human is None:
        return verdict
    text = templates.answer(Intent.REJECT, verdict.language)
    return replace(verdict, intent=Intent.REJECT, text=text, needs_human=None)


def _acknowledge_request(verdict: Verdict) -> Verdict:
    """Acknowledge a later form: it never answers the offer of a call, whatever intent the model reports."""
    text = verdict.text
    if verdict.intent in {Intent.ACCEPT, Intent.REJECT} or verdict.refused is not None:
        to_human = verdict.needs_human is not None
        template = templates.handoff_notice if to_human else templates.new_request_received
        text = template(verdict.language)
    return replace(verdict, intent=Intent.QUESTION, text=text, asks_not_to_be_contacted=False)


def _requested_time(conversation: Conversation, now: datetime, hours: Hours | None) -> datetime | None:
    """Return when the contact asks for a follow-up, in their local time; None if they do not ask."""
    local = to_local_time(now, conversation.lead.phone_e164)
    requested = follow_up_dates.parse_requested_time(conversation.unanswered_text, local)
    if requested is None or hours is None:
        return requested
    return hours.next_opening(requested, requested.tzinfo) or requested


def _respond(
    conversation: Conversation, verdict: Verdict, booking_link: str, follow_up_at: datetime | None
) -> _Response | None:
    if verdict.needs_human is not None:
        kind = "apology" if verdict.intent is Intent.REJECT else "answer"
        return _Response(kind, verdict.text, LeadStatus.HANDED_OFF, verdict.needs_human)
    if verdict.intent is not Intent.REJECT:
        response = _respond_to_request(conversation, verdict, booking_link, follow_up_at)
        if response is not None:
            return response
    # After two unclear answers a human takes over; the contact is not asked a third time.
    if verdict.intent is Intent.AMBIGUOUS and conversation.asked_to_clarify:
        text = templates.handoff_notice(verdict.language)
        return _Response("answer", text, LeadStatus.HANDED_OFF, UNCLEAR_TWICE)
    has_link = conversation.lead.status in _WITH_LINK
    unanswered = "\n".join(message.text for message in conversation.unanswered)
    if verdict.intent is Intent.ACCEPT and has_link and _ASKS_FOR_LINK.search(unanswered):
        return _Response("link", f"{verdict.text}\n{booking_link}", None)
    return _respond_to_intent(conversation.lead.status, verdict, booking_link)


def _respond_to_request(
    conversation: Conversation, verdict: Verdict, booking_link: str, follow_up_at: datetime | None
) -> _Response | None:
    """Respond to a plain request: to be called, to move a meeting, or to be written to later."""
    canned = special_requests.match_special_request(
        conversation.lead.status, verdict.intent, conversation.unanswered_text, verdict.language, booking_link
    )
    if canned is not None:
        return _Response("answer", canned.text, LeadStatus.HANDED_OFF, canned.reason)
    if (
        follow_up_at is None
        or conversation.lead.status not in FOLLOWED_UP
        or verdict.intent is Intent.QUESTION
    ):
        return None
    day = follow_up_dates.format_day(follow_up_at, verdict.language)
    text = templates.follow_up_promise(verdict.language, day)
    return _Response("answer", text, LeadStatus.ENGAGED, follow_up_at=follow_up_at)


def _respond_to_intent(status: LeadStatus, verdict: Verdict, booking_link: str) -> _Response | None:
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
                else _Response("link", f"{verdict.text}\n{booking_link}", LeadStatus.SCHEDULED)
            )
        case Intent.REJECT:
            refused_before = status is LeadStatus.REJECTED
            return None if refused_before else _Response("apology", verdict.text, LeadStatus.REJECTED)
        case Intent.QUESTION:
            return _Response("answer", verdict.text, talking)
        case Intent.AMBIGUOUS:
            return _Response("clarification", verdict.text, talking)
        case _:
            assert_never(verdict.intent)
