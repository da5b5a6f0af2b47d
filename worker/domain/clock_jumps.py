"""Pure: notices when the machine's clock is set, by comparing it with the monotonic clock."""

import time
from collections.abc import Callable

# A slewed clock changes by far less between two looks.
MIN_JUMP_SECONDS = 5.0


class ClockJumps:
    """Compares two clocks, each in seconds, at every `check`."""

    def __init__(
        self,
        machine: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._machine = machine
        self._monotonic = monotonic
        self._offset = machine() - monotonic()

    def check(self) -> float:
        """Return by how many seconds the clock was set since the last call; negative: back; 0: it was not."""
        offset = self._machine() - self._monotonic()
        jump, self._offset = offset - self._offset, offset
        return jump if abs(jump) >= MIN_JUMP_SECONDS else 0.0
