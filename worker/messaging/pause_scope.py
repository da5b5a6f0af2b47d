"""Which conversations the owner's pause stops. Pure."""

from datetime import timedelta

from shared.database.models import SendingPause
from shared.statuses import LeadStatus
from worker.domain.conversation import Conversation

# The end of the pause makes the leads due at once; this is for those that were worked on at that moment.
RECHECK_AFTER = timedelta(minutes=5)
_BEFORE_THE_FIRST_MESSAGE = (LeadStatus.PENDING, LeadStatus.RESOLVED)


def is_paused(conversation: Conversation, pause: SendingPause | None) -> bool:
    """Return True if nothing may be written or sent in this conversation, except by a human."""
    if pause is None:
        return False
    if conversation.queued is not None and conversation.queued.kind == "human":
        return False
    if pause.scope == "all":
        return True
    is_new = conversation.lead.status in _BEFORE_THE_FIRST_MESSAGE
    return is_new and not conversation.wrote_first
