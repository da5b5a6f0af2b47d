"""A clock that notices when the machine's is set, by comparing it with the monotonic clock at each look."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

# A slewed clock changes by far less between two looks.
MIN_JUMP_SECONDS = 5.0


class ClockJumps:
    """`now` is the clock for all moments that are stored: so no wrong one is stored without being noticed.

    Both clocks are in seconds.
    """

    def __init__(
        self,
        machine: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._machine = machine
        self._monotonic = monotonic
        self._offset = machine() - monotonic()
        self._jump = 0.0

    def now(self) -> datetime:
        """Return the machine's time, timezone-aware, in UTC."""
        return datetime.fromtimestamp(self._look(), UTC)

    def check(self) -> float:
        """Return by how many seconds the clock was set since the last call; negative: back; 0: it was not.

        Back counts even if it was set on, too: moments may have been stored in between.
        """
        self._look()
        jump, self._jump = self._jump, 0.0
        return jump

    def _look(self) -> float:
        machine = self._machine()
        offset = machine - self._monotonic()
        jump, self._offset = offset - self._offset, offset
        if abs(jump) >= MIN_JUMP_SECONDS:
            self._jump = min(jump, self._jump) if self._jump else jump
        return machine
