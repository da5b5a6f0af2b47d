"""Models a worker process: its claimed leads and its decisions, made as in worker/dispatch/dispatcher.py."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from shared.clock import Clock
from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.property.chats import FakePorts, Scenario
from tests.support.rows import POLICY
from worker.dispatch.delivery import MessageSender
from worker.dispatch.lead_context import LeadContextLoader
from worker.dispatch.steps.greet import GreetingConfig
from worker.dispatch.steps.registry import STEPS, StepDependencies
from worker.domain.assistant_port import AssistantError
from worker.domain.outcomes import GiveUp, NothingToDo, Outcome, Retry, Wait
from worker.domain.sending_limits import Limits
from worker.domain.telegram_port import TelegramError
from worker.outreach.peer_finder import PeerFinder
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue.leases import WorkerId

AWHILE = timedelta(seconds=20)
UNPACED = Limits(timedelta(), 1_000_000, timedelta(), resolve_limit=1_000_000, import_limit=1_000_000)


@dataclass
class ClaimedLead:
    """A claimed lead, and its outcome that is not settled yet."""

    lead: Lead
    outcome: Outcome | None = None


@dataclass
class WorkerModel:
    """A worker from start to end; `reclaimed` are leads that it claimed again while it worked on them."""

    me: WorkerId
    database: Database
    clock: Clock
    claimed: dict[int, ClaimedLead] = field(default_factory=dict)
    reclaimed: dict[int, Lead] = field(default_factory=dict)

    def start(self, lead: Lead) -> None:
        """Start work on a claimed lead, or after the current work on it if it is claimed already."""
        number = lead.id
        if number in self.claimed:
            self.reclaimed[number] = lead
        else:
            self.claimed[number] = ClaimedLead(lead)

    def finish(self, number: int) -> None:
        """End the work on a lead; start again if it was claimed again meanwhile."""
        del self.claimed[number]
        if (lead := self.reclaimed.pop(number, None)) is not None:
            self.claimed[number] = ClaimedLead(lead)

    async def decide(self, lead: Lead, ports: FakePorts, may_speak: Callable[[], bool]) -> Outcome:
        """Return the outcome of one decision about a lead."""
        if lead.lost_leases >= POLICY.max_attempts:
            return GiveUp(LeadStatus.FAILED, "its worker was lost too often")
        if ports.scenario is Scenario.WAIT:
            return Wait(AWHILE, "not now")
        if ports.scenario is Scenario.GIVE_UP:
            return GiveUp(LeadStatus.FAILED, "no way on")
        try:
            return await self._act(lead, ports, may_speak)
        except (TelegramError, AssistantError) as error:
            return Wait(AWHILE, str(error)) if ports.scenario is Scenario.UNAVAILABLE else Retry(str(error))

    async def _act(self, lead: Lead, ports: FakePorts, may_speak: Callable[[], bool]) -> Outcome:
        look = await LeadContextLoader(self.database, self.me).load(lead)
        lead, work = look.conversation.lead, look.conversation
        pace = OutreachRateLimiter(self.database, self.me, UNPACED, self.clock, UTC)
        if work.queued is not None:
            return await MessageSender(ports, pace, self.clock, 0, may_speak).deliver(work, work.queued)
        step = STEPS.get(lead.status)
        if step is None:
            return NothingToDo()
        return await step(
            work,
            StepDependencies(
                PeerFinder(ports, pace), ports, GreetingConfig("We"), "https://link", AWHILE, self.clock
            ),
        )
