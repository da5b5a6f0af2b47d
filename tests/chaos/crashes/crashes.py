"""Brings prospects to a crash point, kills the worker there, checks the state, and continues."""

import signal
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from tests.chaos.crashes.barriers import Barrier, MissedError
from tests.chaos.crashes.crash_points import CrashPoint
from tests.chaos.crashes.database_state import DatabaseReader
from tests.chaos.crashes.locks import Lock
from tests.chaos.crashes.phases import Phase
from tests.chaos.crashes.prospects import Prospect
from tests.support.running_product import RunningProduct

# A crash point that lasts a few milliseconds can be missed on a busy machine; then a new prospect tries.
MAX_MISSED = 6


class CrashHarness:
    """A product to crash, with a lock on its database and a reader of it."""

    def __init__(self, product: RunningProduct, lock: Lock, reader: DatabaseReader) -> None:
        self.product = product
        self.lock = lock
        self.reader = reader

    def close(self) -> None:
        """Stop the product and close the connections."""
        self.reader.close()
        self.lock.close()
        self.product.close()

    def reset(self) -> None:
        """Undo the effects of a failed test: start with a running worker, no locks and no faults."""
        self.lock.release()
        for path in ("/telegram/faults", "/openai/faults"):
            assert self.product.control.delete(path).is_success
        if self.product.worker.exit_code is not None:
            self.restart()

    def prospect(self, journey: Sequence[Phase], *, by_phone: bool = False) -> Prospect:
        """Add a new prospect."""
        return Prospect(self.product, self.reader, journey, by_phone=by_phone)

    def kill(self, number: int = signal.SIGKILL) -> None:
        """Kill the worker as a power cut would; no other worker starts yet."""
        self.product.worker.stop(number)

    def start_worker(self) -> None:
        """Start the next worker."""
        self.product.worker = self.product.start_worker()

    def restart(self) -> None:
        """Start the next worker and wait until it is connected."""
        self.start_worker()
        self.product.worker.wait_for_log("ready as @")

    def crash(self, point: CrashPoint) -> Prospect:
        """Kill the worker at a crash point; returns the prospect whose lead it worked on."""
        for _ in range(MAX_MISSED):
            prospect = self.prospect(point.journey, by_phone=point.by_phone)
            prospect.run_until(point.phase)
            try:
                with Barrier(self.product, self.lock, [(prospect, point.block)]) as barrier:
                    prospect.start(point.phase)
                    barrier.wait_until_held()
                    self.kill()
            except MissedError:
                prospect.run_rest(point.phase)
                prospect.check_final_state()
                # A worker whose typing notification got no answer makes none for ten minutes.
                self.kill()
                self.restart()
                continue
            return prospect
        raise AssertionError(f"missed {MAX_MISSED} times: {point.name}")

    def check_state(self, point: CrashPoint, prospect: Prospect) -> Sequence[Row[Any]]:
        """Compare the state after the kill with the expected one; returns the outbox."""
        expected, number = point.expected, point.journey.index(point.phase)
        out = self.reader.out(prospect.lead_id)
        assert self.reader.lead(prospect.lead_id).status == expected.status
        states = ["sent"] * number + ["queued"] * expected.queued
        assert [row.state for row in out] == states
        if point.phase.reply:
            stored = dict(self.reader.inbound(prospect.lead_id))
            assert stored.get(point.phase.reply) == expected.inbound
        assert prospect.has_received(point.phase) == expected.delivered
        return out
