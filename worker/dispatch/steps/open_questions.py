"""A promise to ask a colleague becomes a task for a human; without OWNER_CHAT, nothing is promised."""

from dataclasses import replace

from shared.statuses import LeadStatus
from worker.dialogue import promises
from worker.domain.assistant_port import Verdict
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Outcome, QueueMessage

_MAX_LENGTH = 1_000


def note_open_question(outcome: Outcome, conversation: Conversation, *, owner_is_told: bool) -> Outcome:
    """Return the outcome with the question that its text promises to ask a colleague.

    `owner_is_told` is False without OWNER_CHAT: then the text says that it has no answer.
    """
    if not isinstance(outcome, QueueMessage) or not outcome.answers_message_ids:
        return outcome
    # A handoff tells the owner, and shows them the whole conversation.
    if outcome.next_status is LeadStatus.HANDED_OFF or not promises.promises_to_ask(outcome.text):
        return outcome
    if not owner_is_told:
        language = outcome.source.language if isinstance(outcome.source, Verdict) else conversation.language
        may_offer = not conversation.is_unconfirmed
        text = promises.without_promises(outcome.text, language, offers_call=may_offer)
        return replace(outcome, text=text)
    asked = " ".join(conversation.unanswered_text.split())
    earlier = conversation.lead.open_question
    question = f"{earlier}\n{asked}" if earlier and asked not in earlier else asked
    # The newest question is at the end.
    return replace(outcome, open_question=question[-_MAX_LENGTH:] or None)
