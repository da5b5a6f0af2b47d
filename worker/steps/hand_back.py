"""A human's time with a conversation may end by itself, if the owner has set one."""

from datetime import datetime

from worker.outcomes import GiveBack, Outcome, Rest
from worker.work import Work


def hand_back(work: Work, *, now: datetime) -> Outcome:
    """GiveBack once the human has been silent for the time that is set, else Rest."""
    returns_at = work.lead.returns_at
    if returns_at is None or returns_at > now:
        return Rest()
    return GiveBack("the human has been silent for the time that is set")
