"""A promise of a later answer becomes a task for a human; without OWNER_CHAT, nothing is promised."""

from dataclasses import replace

from shared.statuses import LeadStatus
from worker.dialogue import promises, templates
from worker.domain.assistant_port import Verdict
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Outcome, QueueMessage

_MAX_LENGTH = 1_000


def note_open_question(outcome: Outcome, conversation: Conversation, *, owner_is_told: bool) -> Outcome:
    """Return the outcome with the question that its text promises to answer later.

    `owner_is_told` is False without OWNER_CHAT: then the text says that it has no answer, and a handover
    does not say that a colleague will be told.
    """
    if not isinstance(outcome, QueueMessage):
        return outcome
    if outcome.next_status is LeadStatus.HANDED_OFF:
        # It tells the owner, and shows them the whole conversation.
        return outcome if owner_is_told else replace(outcome, text=templates.without_notice(outcome.text))
    # A text of the owner's own, which answers nothing, is theirs. A follow-up at a time is kept by the plan.
    is_own = outcome.without_model and not outcome.answers_message_ids
    if is_own or outcome.follow_up_at is not None or not promises.promises_to_ask(outcome.text):
        return outcome
    if not owner_is_told:
        language = outcome.source.language if isinstance(outcome.source, Verdict) else conversation.language
        may_offer = not conversation.is_unconfirmed
        text = promises.without_promises(outcome.text, language, offers_call=may_offer)
        return replace(outcome, text=text)
    # A greeting or a follow-up answers no question: the owner is told of the promise itself.
    asked = " ".join(conversation.unanswered_text.split()) or promises.first_promise(outcome.text)
    earlier = conversation.lead.open_question
    question = f"{earlier}\n{asked}" if earlier and asked not in earlier else asked
    # The newest question is at the end.
    return replace(outcome, open_question=question[-_MAX_LENGTH:] or None)
