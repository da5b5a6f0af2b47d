"""What to do with a lead in each status. Steps decide; they do not commit, sleep or send."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from types import MappingProxyType

from shared.clock import Clock
from shared.status import LeadStatus
from worker.inbox import ANSWERED
from worker.outcomes import Outcome
from worker.outreach import Hours
from worker.ports import Assistant, Finder, Telegram
from worker.steps.find_contact import find_contact
from worker.steps.greet import Opening, greet
from worker.steps.hand_back import hand_back
from worker.steps.hear import hear
from worker.steps.reply import reply
from worker.work import Work


@dataclass(frozen=True)
class Tools:
    """What steps work with."""

    finder: Finder
    assistant: Assistant
    opening: Opening
    link: str
    patience: timedelta
    clock: Clock
    # The owner's, for people whose own is not known.
    zone: tzinfo = UTC
    hours: Hours | None = None
    # Where voice messages are fetched; None: they are not listened to.
    voices: Telegram | None = None


Step = Callable[[Work, Tools], Awaitable[Outcome]]


async def _find(work: Work, tools: Tools) -> Outcome:
    return await find_contact(work, tools.finder)


async def _greet(work: Work, tools: Tools) -> Outcome:
    return await greet(
        work,
        tools.assistant,
        tools.opening,
        now=tools.clock(),
        zone=tools.zone,
        patience=tools.patience,
    )


async def _reply(work: Work, tools: Tools) -> Outcome:
    now = tools.clock().astimezone(tools.zone)
    if tools.voices is not None:
        heard = await hear(work, tools.voices, tools.assistant, now=now, patience=tools.patience)
        if heard is not None:
            return heard
    return await reply(work, tools.assistant, link=tools.link, now=now, hours=tools.hours)


async def _hand_back(work: Work, tools: Tools) -> Outcome:
    return hand_back(work, now=tools.clock())


STEPS: Mapping[LeadStatus, Step] = MappingProxyType(
    {LeadStatus.PENDING: _find, LeadStatus.RESOLVED: _greet, LeadStatus.HANDED_OFF: _hand_back}
    | dict.fromkeys(sorted(ANSWERED), _reply)
)
