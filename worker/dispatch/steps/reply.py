"""Understand what the person wrote, all of it together, and decide what to say."""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from shared.statuses import FOLLOWED_UP, Intent, LeadStatus, may_become
from worker.dialogue import canned_responses, follow_up_dates, templates
from worker.domain import voice_notes
from worker.domain.assistant_port import Assistant, Verdict
from worker.domain.conversation import Conversation
from worker.domain.local_time import to_local_time
from worker.domain.outcomes import NoReplyNeeded, NothingToDo, Outcome, QueueMessage
from worker.domain.outreach_policy import Hours

UNCLEAR_TWICE = "two unclear answers in a row"
_WITH_LINK = frozenset({LeadStatus.SCHEDULED, LeadStatus.BOOKED})
_ASKS_FOR_LINK = re.compile(r"ссылк|линк|\blink\b", re.IGNORECASE)


@dataclass(frozen=True)
class _Words:
    """What is to be said, the status it leads to (None: the lead stays), and why, if there is more to say."""

    kind: str
    text: str
    target: LeadStatus | None
    reason: str | None = None
    follow_up_at: datetime | None = None


async def reply(
    work: Conversation, assistant: Assistant, *, link: str, now: datetime, hours: Hours | None = None
) -> Outcome:
    """Say the answer, the apology or the link; Heard where words would be too many; Rest with no messages.

    `now` is in the owner's time zone; in `hours` people are written to when it is not in answer to them.
    """
    unanswered = work.unanswered
    if not unanswered:
        return _follow_up(work, now)
    if voice_notes.is_only_voice(work.unanswered_text) and not work.asked_to_clarify:
        return _ask_to_write(work)
    verdict = await assistant.reply(work.brief(now), work.conversation())
    form_alone = len(work.new_requests) == len(unanswered)
    verdict = _no_answer(verdict) if form_alone else _consistent(verdict)
    no_more = verdict.asks_not_to_be_contacted
    answers = tuple(message.id for message in unanswered)
    words = _words(work, verdict, link, _in_hours(work, now, hours))
    if words is None and work.new_requests:
        words = _Words("answer", templates.new_request_received(verdict.language), None)
    if words is not None and form_alone and verdict.needs_human is None:
        words = replace(words, target=None)
    if words is None:
        return NoReplyNeeded(answers, verdict.intent, no_more, verdict)
    return QueueMessage(
        words.kind,
        f"{work.id}:reply:{answers[-1]}",
        words.text,
        words.target if words.target and may_become(work.lead.status, words.target) else None,
        answers,
        verdict.intent,
        no_more,
        words.reason,
        words.follow_up_at,
        verdict,
    )


def _follow_up(work: Conversation, now: datetime) -> Outcome:
    """The word that somebody asked for, when its time has come."""
    lead = work.lead
    if lead.follow_up_at is None or lead.follow_up_at > now or lead.status not in FOLLOWED_UP:
        return NothingToDo()
    key = f"{work.id}:follow_up:{int(lead.follow_up_at.timestamp())}"
    return QueueMessage("follow_up", key, templates.follow_up(work.language), None, without_model=True)


def _ask_to_write(work: Conversation) -> Outcome:
    answers = tuple(message.id for message in work.unanswered)
    talking = LeadStatus.ENGAGED if may_become(work.lead.status, LeadStatus.ENGAGED) else None
    key, text = f"{work.id}:reply:{answers[-1]}", templates.voice_not_supported(work.language)
    return QueueMessage("clarification", key, text, talking, answers, Intent.AMBIGUOUS, without_model=True)


def _consistent(verdict: Verdict) -> Verdict:
    """Whoever asks not to be written to has refused, whatever else they asked; whoever agrees has not."""
    if not verdict.asks_not_to_be_contacted:
        return verdict
    if verdict.intent is Intent.ACCEPT:
        return replace(verdict, asks_not_to_be_contacted=False)
    if verdict.intent is Intent.REJECT and verdict.needs_human is None:
        return verdict
    text = templates.answer(Intent.REJECT, verdict.language)
    return replace(verdict, intent=Intent.REJECT, text=text, needs_human=None)


def _no_answer(verdict: Verdict) -> Verdict:
    """A form is no answer to the offer of a call, whatever the model takes it for: it is acknowledged."""
    text = verdict.text
    if verdict.intent in {Intent.ACCEPT, Intent.REJECT} or verdict.refused is not None:
        handing_over = verdict.needs_human is not None
        template = templates.handoff_notice if handing_over else templates.new_request_received
        text = template(verdict.language)
    return replace(verdict, intent=Intent.QUESTION, text=text, asks_not_to_be_contacted=False)


def _in_hours(work: Conversation, now: datetime, hours: Hours | None) -> datetime | None:
    """When they ask to be written to again, by their own clock; None if they do not."""
    local = to_local_time(now, work.lead.phone_e164)
    moment = follow_up_dates.parse_requested_time(work.unanswered_text, local)
    if moment is None or hours is None:
        return moment
    return hours.next_opening(moment, moment.tzinfo) or moment


def _words(work: Conversation, verdict: Verdict, link: str, later: datetime | None) -> _Words | None:
    if verdict.needs_human is not None:
        kind = "apology" if verdict.intent is Intent.REJECT else "answer"
        return _Words(kind, verdict.text, LeadStatus.HANDED_OFF, verdict.needs_human)
    if verdict.intent is not Intent.REJECT and (words := _as_asked(work, verdict, link, later)):
        return words
    # Who is not understood a second time is not asked a third.
    if verdict.intent is Intent.AMBIGUOUS and work.asked_to_clarify:
        said = templates.handoff_notice(verdict.language)
        return _Words("answer", said, LeadStatus.HANDED_OFF, UNCLEAR_TWICE)
    asked = "\n".join(message.text for message in work.unanswered)
    if verdict.intent is Intent.ACCEPT and work.lead.status in _WITH_LINK and _ASKS_FOR_LINK.search(asked):
        return _Words("link", f"{verdict.text}\n{link}", None)
    return _by_intent(work.lead.status, verdict, link)


def _as_asked(work: Conversation, verdict: Verdict, link: str, later: datetime | None) -> _Words | None:
    """What a plain wish gets: to be called, to move a meeting, to be written to later."""
    served = canned_responses.match_canned_response(
        work.lead.status, verdict.intent, work.unanswered_text, verdict.language, link
    )
    if served is not None:
        return _Words("answer", served.text, LeadStatus.HANDED_OFF, served.reason)
    if later is None or work.lead.status not in FOLLOWED_UP or verdict.intent is Intent.QUESTION:
        return None
    day = follow_up_dates.format_day(later, verdict.language)
    text = templates.follow_up_promise(verdict.language, day)
    return _Words("answer", text, LeadStatus.ENGAGED, follow_up_at=later)


def _by_intent(status: LeadStatus, verdict: Verdict, link: str) -> _Words | None:
    """None if nothing is to be said."""
    has_link = status in _WITH_LINK
    # A question after the link or after a refusal of it is answered without leaving the status.
    talking = None if has_link else LeadStatus.ENGAGED
    match verdict.intent:
        case Intent.ACCEPT:
            # Whoever has the link and says "great, thanks" has said all there is to say.
            return None if has_link else _Words("link", f"{verdict.text}\n{link}", LeadStatus.SCHEDULED)
        case Intent.REJECT:
            refused_before = status is LeadStatus.REJECTED
            return None if refused_before else _Words("apology", verdict.text, LeadStatus.REJECTED)
        case Intent.QUESTION:
            return _Words("answer", verdict.text, talking)
        case Intent.AMBIGUOUS:
            return _Words("clarification", verdict.text, talking)
        case _:
            assert_never(verdict.intent)
