"""The order of hot leads: the newest first, but only so many of them before the one that waits longest."""

from dataclasses import dataclass

# With 3, every fourth place belongs to the lead that waits longest.
NEWER_FIRST = 3


@dataclass
class FairOrder:
    """Counts the newer leads of this worker that went first; a new worker begins with the longest waiting."""

    _newer: int = NEWER_FIRST

    def of_longest_waiting(self, number: int) -> int:
        """Return how many of the next `number` places belong to the leads that wait longest."""
        return (self._newer + max(number, 0)) // (NEWER_FIRST + 1)

    def claimed(self, number: int) -> None:
        """Count leads that were claimed."""
        self._newer = (self._newer + number) % (NEWER_FIRST + 1)
