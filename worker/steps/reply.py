"""Understand what the person wrote, all of it together, and decide what to say."""

from dataclasses import replace
from typing import assert_never

from shared.status import Intent, LeadStatus, may_become
from worker import templates
from worker.outcomes import Heard, Outcome, Rest, Say
from worker.ports import Assistant, Verdict
from worker.work import Work


async def reply(work: Work, assistant: Assistant, *, link: str) -> Outcome:
    """Say the answer, the apology or the link; Heard where words would be too many; Rest with no messages."""
    unanswered = work.unanswered
    if not unanswered:
        return Rest()
    verdict = _consistent(await assistant.reply(work.brief(), work.conversation()))
    no_more = verdict.asks_not_to_be_contacted
    answers = tuple(message.id for message in unanswered if message.id is not None)
    said = _words(work.lead.status, verdict, link)
    if said is None:
        return Heard(answers, verdict.intent, no_more)
    kind, text, target = said
    becomes = target if target and may_become(work.lead.status, target) else None
    return Say(kind, f"{work.id}:reply:{answers[-1]}", text, becomes, answers, verdict.intent, no_more)


def _consistent(verdict: Verdict) -> Verdict:
    """Whoever asks not to be written to has refused, whatever else they asked; whoever agrees has not."""
    if not verdict.asks_not_to_be_contacted or verdict.intent is Intent.REJECT:
        return verdict
    if verdict.intent is Intent.ACCEPT:
        return replace(verdict, asks_not_to_be_contacted=False)
    text = templates.answer(Intent.REJECT, verdict.language)
    return replace(verdict, intent=Intent.REJECT, text=text)


def _words(status: LeadStatus, verdict: Verdict, link: str) -> tuple[str, str, LeadStatus | None] | None:
    """Kind, text and the status it leads to; None if nothing is to be said."""
    has_link = status in {LeadStatus.SCHEDULED, LeadStatus.BOOKED}
    # A question after the link or after a refusal of it is answered without leaving the status.
    talking = None if has_link else LeadStatus.ENGAGED
    match verdict.intent:
        case Intent.ACCEPT:
            # Whoever has the link and says "great, thanks" has said all there is to say.
            return None if has_link else ("link", f"{verdict.text}\n{link}", LeadStatus.SCHEDULED)
        case Intent.REJECT:
            refused_before = status is LeadStatus.REJECTED
            return None if refused_before else ("apology", verdict.text, LeadStatus.REJECTED)
        case Intent.QUESTION:
            return ("answer", verdict.text, talking)
        case Intent.AMBIGUOUS:
            return ("clarification", verdict.text, talking)
        case _:
            assert_never(verdict.intent)
