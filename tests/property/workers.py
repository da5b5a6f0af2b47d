"""A worker's process: what it has in hand, and how it comes to an outcome, as worker/dispatch/dispatcher.py does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from shared.clock import Clock
from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.property.chats import Fate, Line
from tests.support.rows import POLICY
from worker.dispatch.delivery import Sender
from worker.dispatch.lead_context import LeadContextLoader
from worker.dispatch.steps import STEPS, StepDependencies
from worker.dispatch.steps.greet import GreetingConfig
from worker.domain.assistant_port import AssistantError
from worker.domain.outcomes import GiveUp, NothingToDo, Outcome, Retry, Wait
from worker.domain.outreach_policy import Limits
from worker.domain.telegram_port import TelegramError
from worker.outreach.peer_finder import PeerFinder
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue.leases import WorkerId

AWHILE = timedelta(seconds=20)
UNPACED = Limits(timedelta(), 1_000_000, timedelta(), resolves=1_000_000, imports=1_000_000)


@dataclass
class ClaimedLead:
    """A claimed lead, and what came of working on it that is not written down yet."""

    lead: Lead
    outcome: Outcome | None = None


@dataclass
class WorkerModel:
    """A worker from its start to its end; `again` are leads that it claimed anew while still at them."""

    me: WorkerId
    database: Database
    clock: Clock
    hands: dict[int, ClaimedLead] = field(default_factory=dict)
    again: dict[int, Lead] = field(default_factory=dict)

    def take(self, lead: Lead) -> None:
        """Begin work on a claimed lead, or go on with it when the work in hand has ended."""
        number = lead.id or 0
        if number in self.hands:
            self.again[number] = lead
        else:
            self.hands[number] = ClaimedLead(lead)

    def done(self, number: int) -> None:
        """The work on a lead has ended, unless it was claimed anew meanwhile."""
        del self.hands[number]
        if (lead := self.again.pop(number, None)) is not None:
            self.hands[number] = ClaimedLead(lead)

    async def decide(self, lead: Lead, line: Line, may_speak: Callable[[], bool]) -> Outcome:
        """What comes of working on a lead, as the world's fate has it."""
        if lead.lost_leases >= POLICY.max_attempts:
            return GiveUp(LeadStatus.FAILED, "its worker was lost too often")
        if line.fate is Fate.WAIT:
            return Wait(AWHILE, "not now")
        if line.fate is Fate.GIVE_UP:
            return GiveUp(LeadStatus.FAILED, "no way on")
        try:
            return await self._act(lead, line, may_speak)
        except (TelegramError, AssistantError) as error:
            return Wait(AWHILE, str(error)) if line.fate is Fate.AWAY else Retry(str(error))

    async def _act(self, lead: Lead, line: Line, may_speak: Callable[[], bool]) -> Outcome:
        look = await LeadContextLoader(self.database, self.me).load(lead)
        lead, work = look.conversation.lead, look.conversation
        pace = OutreachRateLimiter(self.database, self.me, UNPACED, self.clock, UTC)
        if work.queued is not None:
            return await Sender(line, pace, self.clock, 0, may_speak).deliver(work, work.queued)
        step = STEPS.get(lead.status)
        if step is None:
            return NothingToDo()
        return await step(
            work,
            StepDependencies(
                PeerFinder(line, pace), line, GreetingConfig("We"), "https://link", AWHILE, self.clock
            ),
        )
