"""Grants a plain wish for no more messages. The model is not asked, so an outage does not delay it."""

from shared.intents import Intent
from shared.statuses import LeadStatus, may_become
from worker.assistant.guardrails.evidence import intent_evidence
from worker.dialogue import templates
from worker.dispatch.steps import responses
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NoReplyNeeded, Outcome, QueueMessage


def grant_opt_out(conversation: Conversation) -> Outcome | None:
    """Return the last message to a person who plainly asks for no more; None if they do not ask.

    A person who has refused before is only put on the suppression list.
    """
    if not intent_evidence.is_explicit_opt_out(conversation.unanswered_text):
        return None
    answers = tuple(message.id for message in conversation.unanswered)
    status = conversation.lead.status
    if status is LeadStatus.REJECTED:
        return NoReplyNeeded(answers, Intent.REJECT, do_not_contact=True)
    return QueueMessage(
        "apology",
        responses.reply_key(conversation),
        templates.opted_out(conversation.language),
        LeadStatus.REJECTED if may_become(status, LeadStatus.REJECTED) else None,
        answers,
        Intent.REJECT,
        do_not_contact=True,
        without_model=True,
    )
