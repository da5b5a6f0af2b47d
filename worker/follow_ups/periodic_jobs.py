"""The round that plans follow-ups, in the background of the worker."""

import asyncio
from dataclasses import dataclass

from shared.clock import Clock
from worker.follow_ups.enrolment import Enrolment

# The first step comes after a working day: a minute more or less does not matter.
ROUND_SECONDS = 30


@dataclass(frozen=True)
class FollowUpRounds:
    """Runs the enrolment every half minute."""

    enrolment: Enrolment
    clock: Clock
    seconds: float = ROUND_SECONDS

    async def run(self) -> None:
        """Plan follow-ups until cancelled."""
        while True:
            await self.enrolment.run_once(self.clock())
            await asyncio.sleep(self.seconds)
