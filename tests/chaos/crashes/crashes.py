"""A crash: bring people to their seams, kill the worker there, look at what it left, go on."""

import signal
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from tests.chaos.crashes.barriers import Barrier, MissedError
from tests.chaos.crashes.crash_points import Seam
from tests.chaos.crashes.database_state import Ledger
from tests.chaos.crashes.locks import Lock
from tests.chaos.crashes.phases import Phase
from tests.chaos.crashes.prospects import Prospect
from tests.support.running_product import RunningProduct

# A moment of a few milliseconds, or a busy machine, can be missed; the person goes on, another one tries.
MOST_MISSED = 6


class Site:
    """A house that is being crashed, with a lock on its database and a view into it."""

    def __init__(self, house: RunningProduct, lock: Lock, ledger: Ledger) -> None:
        self.house = house
        self.lock = lock
        self.ledger = ledger

    def close(self) -> None:
        """Leave nothing running."""
        self.ledger.close()
        self.lock.close()
        self.house.close()

    def mend(self) -> None:
        """Undo what a failed test has left: each begins with a living worker and nothing in its way."""
        self.lock.release()
        for path in ("/telegram/faults", "/openai/faults"):
            assert self.house.control.delete(path).is_success
        if self.house.worker.exit_code is not None:
            self.restart()

    def prospect(self, journey: Sequence[Phase], *, by_phone: bool = False) -> Prospect:
        """Somebody new."""
        return Prospect(self.house, self.ledger, journey, by_phone=by_phone)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """As a power cut would; nobody takes over yet."""
        self.house.worker.stop(number)

    def begin_life(self) -> None:
        """The next worker starts."""
        self.house.worker = self.house.start_worker()

    def restart(self) -> None:
        """The next life, up and connected."""
        self.begin_life()
        self.house.worker.says("ready as @")

    def crash(self, seam: Seam) -> Prospect:
        """Kill the worker at a seam; gives the person who was there."""
        for _ in range(MOST_MISSED):
            prospect = self.prospect(seam.journey, by_phone=seam.by_phone)
            prospect.walk_to(seam.phase)
            try:
                with Barrier(self.house, self.lock, [(prospect, seam.block)]) as barrier:
                    prospect.begin(seam.phase)
                    barrier.reached()
                    self.kill()
            except MissedError:
                prospect.walk_on(seam.phase)
                prospect.check()
                continue
            return prospect
        raise AssertionError(f"missed {MOST_MISSED} times: {seam.name}")

    def look(self, seam: Seam, prospect: Prospect) -> Sequence[Row[Any]]:
        """Hold what was left against what should have been; gives the outbox as it was."""
        left, number = seam.left, seam.journey.index(seam.phase)
        out = self.ledger.out(prospect.lead_id)
        assert self.ledger.lead(prospect.lead_id).status == left.status
        states = ["sent"] * number + ["queued"] * left.queued
        assert [row.state for row in out] == states
        if seam.phase.words:
            stored = dict(self.ledger.heard(prospect.lead_id))
            assert stored.get(seam.phase.words) == left.heard
        assert prospect.got(seam.phase) == left.told
        return out
