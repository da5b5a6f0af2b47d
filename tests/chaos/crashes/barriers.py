"""Applies blocks: holds the worker at a crash point until it is killed."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.chaos.crashes.blocks import AtCommit, Block
from tests.chaos.crashes.held_calls import Hold
from tests.chaos.crashes.locks import Lock
from tests.chaos.crashes.prospects import Prospect
from tests.support.running_product import RunningProduct
from tests.support.waiting import patience_seconds, until

# Longer than a test needs: the worker is killed while it is held.
HELD_SECONDS = patience_seconds()
# How long a call is held, so that a lock can be taken meanwhile.
GATE_SECONDS = 0.6
# Time from an answer to the worker's next transaction, where the database does not show who waits.
MARGIN_SECONDS = 0.15


class MissedError(Exception):
    """The worker passed the crash point before it could be held there."""


class Barrier:
    """Blocks for one or several prospects: enter before they start a phase, leave after the kill.

    `gate`: seconds for which a call before a commit is held, so that all prospects can be held at once.
    """

    def __init__(
        self,
        product: RunningProduct,
        lock: Lock,
        blocks: Sequence[tuple[Prospect, Block]],
        gate: float = GATE_SECONDS,
    ) -> None:
        self._product = product
        self._lock = lock
        self._blocks = blocks
        self._gate = gate
        self._commits = [(prospect, block) for prospect, block in blocks if isinstance(block, AtCommit)]
        self._holds: list[Hold] = []
        self._locked = False

    def __enter__(self) -> Self:
        for prospect, block in self._blocks:
            call = block.gate if isinstance(block, AtCommit) else block
            seconds = self._gate if isinstance(block, AtCommit) else HELD_SECONDS
            if call is not None:
                self._holds.append(Hold(self._product, prospect, call, seconds))
        if self._commits and not self._holds and not self._must_poll():
            self._take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        for path in ("/telegram/faults", "/openai/faults"):
            assert self._product.control.delete(path).is_success

    def wait_until_held(self) -> None:
        """Wait until the worker is held at every block; raises MissedError if it has passed one."""
        # All are looked at in each round: how long a call is held counts from the last look before it.
        until(lambda: not [one for one in self._holds if not one.is_reached()], "the worker makes every call")
        if not self._commits:
            self._check_none_has_opened()
            return
        if not self._locked:
            self._catch()
        self._wait_at_lock()
        for prospect, commit in self._commits:
            if commit.seen and not prospect.reader.rows(commit.seen, prospect.lead_id):
                raise MissedError

    def _must_poll(self) -> bool:
        return self._lock.waiting() is None and any(commit.seen for _, commit in self._commits)

    def _take(self) -> None:
        (table,) = {commit.table for _, commit in self._commits}
        self._lock.take(table, [prospect.lead_id for prospect, _ in self._commits])
        self._locked = True

    def _catch(self) -> None:
        if self._must_poll():
            for prospect, commit in self._commits:
                seen = commit.seen or ""
                prospect.reader.wait_closely(seen, prospect.lead_id)
            self._take()
            return
        self._take()
        self._check_none_has_opened()

    def _check_none_has_opened(self) -> None:
        if time.monotonic() > min(hold.opens_after for hold in self._holds):
            raise MissedError

    def _wait_at_lock(self) -> None:
        if self._lock.waiting() is not None:
            until(lambda: (self._lock.waiting() or 0) >= len(self._commits), "the worker waits for the lock")
            return
        opens = max((hold.opens_before for hold in self._holds), default=0.0)
        time.sleep(max(0.0, opens - time.monotonic()) + MARGIN_SECONDS)
