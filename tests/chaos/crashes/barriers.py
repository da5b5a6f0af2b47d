"""Carries out blocks: the worker comes to the place and stays there until it is killed."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.chaos.crashes.blocks import AtCommit, Block
from tests.chaos.crashes.held_calls import Hold
from tests.chaos.crashes.locks import Lock
from tests.chaos.crashes.prospects import Prospect
from tests.support.running_product import RunningProduct, until

# Longer than any test: whoever is held so long is killed before.
HELD_SECONDS = 60
# How long a call is held for a lock to be taken meanwhile.
GATE_SECONDS = 0.6
# What the worker needs from an answer to its next transaction, where the database does not tell.
MARGIN_SECONDS = 0.15


class MissedError(Exception):
    """The worker was past the place before it could be held there."""


class Barrier:
    """Blocks for one or several people; enter it before what they begin, leave it after the kill.

    `gate`: seconds for which a call before a commit is held, so that all of them can be held at once.
    """

    def __init__(
        self,
        house: RunningProduct,
        lock: Lock,
        blocks: Sequence[tuple[Prospect, Block]],
        gate: float = GATE_SECONDS,
    ) -> None:
        self._house = house
        self._lock = lock
        self._blocks = blocks
        self._gate = gate
        self._commits = [(who, block) for who, block in blocks if isinstance(block, AtCommit)]
        self._holds: list[Hold] = []
        self._locked = False

    def __enter__(self) -> Self:
        for prospect, block in self._blocks:
            call = block.gate if isinstance(block, AtCommit) else block
            seconds = self._gate if isinstance(block, AtCommit) else HELD_SECONDS
            if call is not None:
                self._holds.append(Hold(self._house, prospect, call, seconds))
        if self._commits and not self._holds and not self._chased():
            self._take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()
        for path in ("/telegram/faults", "/openai/faults"):
            assert self._house.control.delete(path).is_success

    def reached(self) -> None:
        """Wait until the worker is held everywhere; raises MissedError if it slipped through."""
        for hold in self._holds:
            hold.reached()
        if not self._commits:
            return
        if not self._locked:
            self._catch()
        self._wait_at_lock()
        for prospect, commit in self._commits:
            if commit.seen and not prospect.ledger.rows(commit.seen, prospect.lead_id):
                raise MissedError

    def _chased(self) -> bool:
        return self._lock.waiting() is None and any(commit.seen for _, commit in self._commits)

    def _take(self) -> None:
        (table,) = {commit.table for _, commit in self._commits}
        self._lock.take(table, [prospect.lead_id for prospect, _ in self._commits])
        self._locked = True

    def _catch(self) -> None:
        if self._chased():
            for prospect, commit in self._commits:
                seen = commit.seen or ""
                prospect.ledger.chase(seen, prospect.lead_id)
            self._take()
            return
        self._take()
        if time.monotonic() > min(hold.opens_after for hold in self._holds):
            raise MissedError

    def _wait_at_lock(self) -> None:
        if self._lock.waiting() is not None:
            until(lambda: (self._lock.waiting() or 0) >= len(self._commits), "the worker waits for the lock")
            return
        opens = max((hold.opens_before for hold in self._holds), default=0.0)
        time.sleep(max(0.0, opens - time.monotonic()) + MARGIN_SECONDS)
