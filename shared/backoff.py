"""How long to wait before the next try: longer after each failure."""

import random
from datetime import timedelta


def backoff(attempt: int, *, base: float, maximum: float) -> timedelta:
    """Return the pause after failed try number `attempt` (from 1).

    The pause doubles from `base` seconds up to `maximum` seconds.
    Half of it is random, so that leads which failed together are not retried together.
    """
    ceiling = min(maximum, base * 2.0 ** min(attempt - 1, 30))
    return timedelta(seconds=ceiling * (0.5 + random.random() / 2))  # noqa: S311 - jitter, no secret


class GrowingPause:
    """The pause after a failure of a loop: it doubles with each failure in a row; in seconds."""

    def __init__(self, *, base: float, maximum: float) -> None:
        self._base = base
        self._maximum = maximum
        self._failures = 0

    def failed(self, lasted: float = 0.0) -> float:
        """Count a failure; returns the pause before the next try.

        `lasted`: how long it had worked before, in seconds. For longer than the longest pause is a success.
        """
        self._failures = 1 if lasted > self._maximum else self._failures + 1
        return backoff(self._failures, base=self._base, maximum=self._maximum).total_seconds()

    def succeeded(self) -> None:
        """Begin with the first pause again."""
        self._failures = 0
