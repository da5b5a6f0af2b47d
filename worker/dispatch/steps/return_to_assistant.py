"""A human's time with a conversation may end by itself, if the owner has set one."""

from datetime import datetime

from worker.domain.conversation import Conversation
from worker.domain.outcomes import NothingToDo, Outcome, ReturnToAssistant


def return_to_assistant(work: Conversation, *, now: datetime) -> Outcome:
    """GiveBack once the human has been silent for the time that is set, else Rest."""
    returns_at = work.lead.returns_at
    if returns_at is None or returns_at > now:
        return NothingToDo()
    return ReturnToAssistant("the human has been silent for the time that is set")
