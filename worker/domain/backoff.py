"""Pure: how long to wait before trying again."""

import random
from datetime import timedelta


def backoff(attempt: int, *, base: float, most: float) -> timedelta:
    """The pause after failed try number `attempt` (from 1): doubling from `base` seconds up to `most`.

    Half of it is chance, so that what failed together does not come back together.
    """
    ceiling = min(most, base * 2.0 ** min(attempt - 1, 30))
    return timedelta(seconds=ceiling * (0.5 + random.random() / 2))  # noqa: S311 - jitter, no secret


class OutageTracker:
    """How long something has been away, and so how long to leave it alone; one success ends it.

    While nobody gets an answer a failure is nobody's fault. Once others get theirs, it is the asker's own.
    """

    def __init__(self, *, base: float, most: float) -> None:
        self._base = base
        self._most = most
        self._failures = 0
        self._successes = 0
        self._seen: dict[int, int] = {}

    @property
    def lasts(self) -> bool:
        """Whether the last word was a failure."""
        return self._failures > 0

    def failed(self, asker: int, *, blameless: bool = False) -> timedelta | None:
        """Count a failure; gives the pause until the next try, or None if it is the asker's own fault."""
        before = self._seen.get(asker)
        self._seen[asker] = self._successes
        if before is not None and before < self._successes and not blameless:
            return None
        self._failures += 1
        return backoff(self._failures, base=self._base, most=self._most)

    def succeeded(self, asker: int) -> None:
        """Count a success."""
        self._failures = 0
        self._successes += 1
        self._seen.pop(asker, None)


class OutageTrackers:
    """One Outage for each kind of call: all look-ups may fail while every message goes through."""

    def __init__(self, *, base: float, most: float) -> None:
        self._base = base
        self._most = most
        self._of: dict[str, OutageTracker] = {}

    def of(self, call: str) -> OutageTracker:
        """How calls of this kind fare."""
        return self._of.setdefault(call, OutageTracker(base=self._base, most=self._most))
