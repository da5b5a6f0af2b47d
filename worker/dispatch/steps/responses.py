"""The parts that all replies share: the message that is queued, follow-ups, and voice messages."""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.intents import Intent
from shared.statuses import LeadStatus, may_become
from worker.dialogue import dates, templates
from worker.domain.assistant_port import Greeting, Verdict, Wish
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Outcome, QueueMessage

UNCLEAR_TWICE = "two unclear answers in a row"
# A refusal that is no surer than this gets the fixed text. An answer without a confidence is taken for one.
SURE_REFUSAL = 0.8
WRONG_PERSON = "says that the request is not theirs"


@dataclass(frozen=True)
class Response:
    """A text to send, the status after its delivery (None: unchanged), and the reason for that status.

    `key` is the message's key; by default it is made from the last message that the text answers.
    """

    kind: str
    text: str
    target: LeadStatus | None
    reason: str | None = None
    follow_up_at: datetime | None = None
    key: str | None = None


def reply_key(conversation: Conversation) -> str:
    """Return the key of the message that answers all unanswered messages.

    An earlier answer that was cancelled, such as a rejected draft, keeps its own key.
    """
    key = f"{conversation.id}:reply:{conversation.unanswered[-1].id}"
    unsent = [
        message
        for message in conversation.messages
        if f"{message.key}:".startswith(f"{key}:") and message.state in {"cancelled", "failed"}
    ]
    return f"{key}:{len(unsent) + 1}" if unsent else key


def queue_response(conversation: Conversation, response: Response, verdict: Verdict) -> QueueMessage:
    """Return the message that answers all unanswered messages."""
    answers = tuple(message.id for message in conversation.unanswered)
    may_move = response.target is not None and may_become(conversation.lead.status, response.target)
    return QueueMessage(
        response.kind,
        response.key or reply_key(conversation),
        response.text,
        response.target if may_move else None,
        answers,
        verdict.intent,
        verdict.do_not_contact,
        response.reason,
        response.follow_up_at,
        source=verdict,
    )


def promise_follow_up(at: datetime, language: str) -> Response:
    """Return the promise to write at that time, which is in the contact's time zone."""
    text = templates.follow_up_promise(language, dates.format_day(at, language))
    return Response("answer", text, LeadStatus.ENGAGED, follow_up_at=at)


def ask_for_text(conversation: Conversation) -> Outcome:
    """Ask the contact to write, since their voice messages are not heard."""
    answers = tuple(message.id for message in conversation.unanswered)
    target = LeadStatus.ENGAGED if may_become(conversation.lead.status, LeadStatus.ENGAGED) else None
    text = templates.voice_not_supported(conversation.language)
    return QueueMessage(
        "clarification",
        reply_key(conversation),
        text,
        target,
        answers,
        Intent.AMBIGUOUS,
        without_model=True,
    )


def resolve_contradictions(verdict: Verdict) -> Verdict:
    """Make opt-out, intent and text agree: an opt-out is a refusal, but an acceptance cancels the opt-out.

    A wrong person who says neither yes nor no refuses. Where words bind, the text is a fixed one.
    """
    return with_fixed_words(_with_one_meaning(verdict))


def _with_one_meaning(verdict: Verdict) -> Verdict:
    if verdict.wish is Wish.WRONG_PERSON and verdict.intent is Intent.AMBIGUOUS:
        text = templates.answer(Intent.REJECT, verdict.language)
        verdict = replace(verdict, intent=Intent.REJECT, text=text)
    if not verdict.do_not_contact:
        return verdict
    if verdict.intent is Intent.ACCEPT:
        return replace(verdict, do_not_contact=False)
    if verdict.intent is Intent.REJECT and verdict.needs_human is None:
        return verdict
    return replace(verdict, intent=Intent.REJECT, needs_human=None)


def with_fixed_words(verdict: Verdict) -> Verdict:
    """Return the verdict with a text that says what happens, whatever the model wrote.

    The person reads that they get no more messages, that a human answers, or that their refusal is accepted,
    in words that do not depend on a model. A clear refusal may be answered in the model's words.
    """
    language = verdict.language
    if verdict.do_not_contact and verdict.intent is Intent.REJECT:
        return replace(verdict, text=templates.opted_out(language))
    if verdict.needs_human is not None:
        asked = verdict.wish is Wish.HUMAN
        text = templates.human_called(language) if asked else templates.handoff_notice(language)
        return replace(verdict, text=text)
    if verdict.intent is Intent.REJECT and verdict.confidence <= SURE_REFUSAL:
        return replace(verdict, text=templates.answer(Intent.REJECT, language))
    return verdict


def with_greeting(verdict: Verdict, greeting: Greeting | None) -> Verdict:
    """Return the verdict with the usage of both model calls; None: the model did not write the greeting."""
    if greeting is None:
        return verdict
    usages = [usage for usage in (verdict.usage, greeting.usage) if usage is not None]
    usage = usages[0] + usages[1] if len(usages) == 2 else next(iter(usages), None)
    return replace(verdict, usage=usage, refused=greeting.refused)


def without_opt_out_by_reaction(conversation: Conversation, verdict: Verdict) -> Verdict:
    """A thumbs down refuses an offer, typed or as a reaction. It does not ask for no more messages."""
    has_words = any(char.isalnum() for char in conversation.unanswered_text)
    is_only_sign = conversation.only_reacted or not has_words
    return replace(verdict, do_not_contact=False) if is_only_sign else verdict


def hand_off(verdict: Verdict) -> Response | None:
    """Return the response to a verdict that needs a human; None if none is needed."""
    if verdict.needs_human is None:
        return None
    kind = "apology" if verdict.intent is Intent.REJECT else "answer"
    return Response(kind, verdict.text, LeadStatus.HANDED_OFF, verdict.needs_human)


def hand_off_if_unclear_again(conversation: Conversation, verdict: Verdict) -> Response | None:
    """After two unclear answers a human takes over; the contact is not asked a third time."""
    if verdict.intent is not Intent.AMBIGUOUS or not conversation.asked_to_clarify:
        return None
    return Response(
        "answer", templates.handoff_notice(verdict.language), LeadStatus.HANDED_OFF, UNCLEAR_TWICE
    )


def requested_time(verdict: Verdict, hours: Hours | None) -> datetime | None:
    """Return when the contact asks to be written to, in their local time; None if they do not ask.

    A moment outside the outreach hours moves to their next beginning.
    """
    moment = verdict.write_at
    if verdict.wish is not Wish.WRITE_LATER or moment is None:
        return None
    opening = hours.next_opening(moment, moment.tzinfo) if hours else None
    return opening or moment


def refusal_reason(verdict: Verdict) -> str | None:
    """Return why the contact refuses, if they say that they are the wrong person."""
    return WRONG_PERSON if verdict.wish is Wish.WRONG_PERSON else None
