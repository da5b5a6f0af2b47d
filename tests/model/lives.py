"""A worker's process: what it has in hand, and how it comes to an outcome, as worker/loop.py does."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta

from shared.clock import Clock
from shared.db import Database
from shared.models import Lead
from shared.status import LeadStatus
from tests.model.chats import Fate, Line
from tests.worker.rows import POLICY
from worker.finder import PacedFinder
from worker.looks import Looks
from worker.outcomes import GiveUp, Outcome, Rest, Retry, Wait
from worker.outreach import Limits
from worker.pace import Pace
from worker.ports import AssistantError, TelegramError
from worker.queue import Me
from worker.sender import Sender
from worker.steps import STEPS, Tools
from worker.steps.greet import Opening

AWHILE = timedelta(seconds=20)
UNPACED = Limits(timedelta(), 1_000_000, timedelta(), resolves=1_000_000, imports=1_000_000)


@dataclass
class Hand:
    """A claimed lead, and what came of working on it that is not written down yet."""

    lead: Lead
    outcome: Outcome | None = None


@dataclass
class Life:
    """A worker from its start to its end; `again` are leads that it claimed anew while still at them."""

    me: Me
    database: Database
    clock: Clock
    hands: dict[int, Hand] = field(default_factory=dict)
    again: dict[int, Lead] = field(default_factory=dict)

    def take(self, lead: Lead) -> None:
        """Begin work on a claimed lead, or go on with it when the work in hand has ended."""
        number = lead.id or 0
        if number in self.hands:
            self.again[number] = lead
        else:
            self.hands[number] = Hand(lead)

    def done(self, number: int) -> None:
        """The work on a lead has ended, unless it was claimed anew meanwhile."""
        del self.hands[number]
        if (lead := self.again.pop(number, None)) is not None:
            self.hands[number] = Hand(lead)

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
        look = await Looks(self.database, self.me).at(lead)
        lead, work = look.work.lead, look.work
        pace = Pace(self.database, self.me, UNPACED, self.clock, UTC)
        if work.queued is not None:
            return await Sender(line, pace, self.clock, 0, may_speak).deliver(work, work.queued)
        step = STEPS.get(lead.status)
        if step is None:
            return Rest()
        return await step(
            work, Tools(PacedFinder(line, pace), line, Opening("We"), "https://link", AWHILE, self.clock)
        )
