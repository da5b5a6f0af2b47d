"""Flood waits that follow each other: the pauses grow, although Telegram asks for the same short one."""

from collections import Counter
from datetime import timedelta

from shared.backoff import backoff
from worker.domain.telegram_port import FloodGate

BASE_SECONDS, MAX_SECONDS = 10.0, 300.0


class RepeatedFloodWaits:
    """Counts the flood waits in a row of each method."""

    def __init__(self) -> None:
        self._in_a_row: Counter[str] = Counter()

    def lengthen(self, method: str, wait: timedelta, gate: FloodGate | None) -> timedelta:
        """Return the pause: what Telegram asks for, or more if an earlier pause has not helped."""
        if gate is not None and (known := gate.remaining(method)) is not None:
            # Calls that were made at the same time are refused together.
            return max(wait, known)
        self._in_a_row[method] += 1
        repeats = self._in_a_row[method] - 1
        return max(wait, backoff(repeats, base=BASE_SECONDS, maximum=MAX_SECONDS)) if repeats else wait

    def ended(self, method: str) -> None:
        """A call of the method has succeeded."""
        self._in_a_row.pop(method, None)
