"""Outages of the model and of Telegram: what caused a failure, and when to try again. Pure."""

from datetime import timedelta

from worker.domain.backoff import backoff


class OutageTracker:
    """Tracks an outage of one dependency, and how long to wait before it is called again.

    One success ends the outage. While all callers fail, no caller is to blame: the dependency is down.
    A caller that fails again after others have succeeded is itself the cause.
    """

    def __init__(self, *, base: float, maximum: float) -> None:
        self._base = base
        self._maximum = maximum
        self._failures = 0
        self._successes = 0
        self._successes_at_failure: dict[int, int] = {}

    @property
    def is_ongoing(self) -> bool:
        """True if the latest result was a failure."""
        return self._failures > 0

    def failed(self, caller: int, *, provider_wide: bool = False) -> timedelta | None:
        """Count a failure. Returns the pause until the next try, or None if the caller itself is the cause.

        `provider_wide`: the error says that the dependency fails for everyone.
        """
        before = self._successes_at_failure.get(caller)
        self._successes_at_failure[caller] = self._successes
        if before is not None and before < self._successes and not provider_wide:
            return None
        self._failures += 1
        return backoff(self._failures, base=self._base, maximum=self._maximum)

    def succeeded(self, caller: int) -> None:
        """Count a success, which ends the outage."""
        self._failures = 0
        self._successes += 1
        self._successes_at_failure.pop(caller, None)


class OutageTrackers:
    """One OutageTracker per kind of call: all look-ups may fail while every message is delivered."""

    def __init__(self, *, base: float, maximum: float) -> None:
        self._base = base
        self._maximum = maximum
        self._trackers: dict[str, OutageTracker] = {}

    def of(self, call: str) -> OutageTracker:
        """Return the tracker of this kind of call."""
        return self._trackers.setdefault(call, OutageTracker(base=self._base, maximum=self._maximum))
