"""Returns a conversation from a human to the assistant after a time that the owner may set."""

from datetime import datetime

from worker.domain.conversation import Conversation
from worker.domain.outcomes import NothingToDo, Outcome, ReturnToAssistant


def return_to_assistant(conversation: Conversation, *, now: datetime) -> Outcome:
    """Return ReturnToAssistant once the human has been silent for the set time, else NothingToDo."""
    returns_at = conversation.lead.returns_at
    if returns_at is None or returns_at > now:
        return NothingToDo()
    return ReturnToAssistant("the human has been silent for the time that is set")
