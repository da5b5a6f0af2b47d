"""What to do with a lead in each status. Steps decide; they do not commit, sleep or send."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta, tzinfo
from types import MappingProxyType

from shared.clock import Clock
from shared.statuses import REPLIED_TO, LeadStatus
from worker.dispatch.steps.find_contact import find_contact
from worker.dispatch.steps.greet import GreetingConfig, greet
from worker.dispatch.steps.reply import reply
from worker.dispatch.steps.return_to_assistant import return_to_assistant
from worker.dispatch.steps.transcribe import transcribe
from worker.domain.assistant_port import Assistant
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Outcome
from worker.domain.outreach_policy import Hours
from worker.domain.telegram_port import Finder, Telegram


@dataclass(frozen=True)
class StepDependencies:
    """What steps work with."""

    finder: Finder
    assistant: Assistant
    opening: GreetingConfig
    link: str
    patience: timedelta
    clock: Clock
    # The owner's, for people whose own is not known.
    zone: tzinfo = UTC
    hours: Hours | None = None
    # Where voice messages are fetched; None: they are not listened to.
    voices: Telegram | None = None


Step = Callable[[Conversation, StepDependencies], Awaitable[Outcome]]


async def _find(work: Conversation, tools: StepDependencies) -> Outcome:
    return await find_contact(work, tools.finder)


async def _greet(work: Conversation, tools: StepDependencies) -> Outcome:
    return await greet(
        work,
        tools.assistant,
        tools.opening,
        now=tools.clock(),
        zone=tools.zone,
        patience=tools.patience,
    )


async def _reply(work: Conversation, tools: StepDependencies) -> Outcome:
    now = tools.clock().astimezone(tools.zone)
    if tools.voices is not None:
        heard = await transcribe(work, tools.voices, tools.assistant, now=now, patience=tools.patience)
        if heard is not None:
            return heard
    return await reply(work, tools.assistant, link=tools.link, now=now, hours=tools.hours)


async def _hand_back(work: Conversation, tools: StepDependencies) -> Outcome:
    return return_to_assistant(work, now=tools.clock())


STEPS: Mapping[LeadStatus, Step] = MappingProxyType(
    {LeadStatus.PENDING: _find, LeadStatus.RESOLVED: _greet, LeadStatus.HANDED_OFF: _hand_back}
    | dict.fromkeys(sorted(REPLIED_TO), _reply)
)
