"""When a provider of the model is out, why, and when it may be tried again. Pure."""

from datetime import datetime, timedelta

from shared.backoff import backoff
from worker.domain.assistant_port import AssistantPausedError, AssistantUnavailableError

# One slow answer says nothing about the provider; so many in a row do.
SLOW_ANSWERS = 2


class Availability:
    """Tracks one provider. While it is out, one call at a time tries it, after pauses that grow.

    The pause goes on growing until an answer for a person succeeds: a small trial call may pass where the
    whole prompt does not.
    """

    def __init__(self, *, base: float, maximum: float) -> None:
        self._base = base
        self._maximum = maximum
        self._failures = 0
        self._slow = 0
        self._is_tried = False
        self._retry_at: datetime | None = None
        self.out_since: datetime | None = None
        self.error: AssistantUnavailableError | None = None

    def restore_outage(self, since: datetime, reason: str, now: datetime) -> None:
        """Begin with an outage that was known before a restart; the next call tries the provider."""
        self.out_since, self.error, self._retry_at = since, AssistantUnavailableError(reason), now

    def is_due(self, now: datetime) -> bool:
        """Return True if the provider is out, and a call may try it now."""
        return self._retry_at is not None and not self._is_tried and now >= self._retry_at

    def begin(self, now: datetime) -> bool:
        """Return True if a call may be made; while the provider is out, it is the one that tries it."""
        if self.out_since is None:
            return True
        if not self.is_due(now):
            return False
        self._is_tried = True
        return True

    def begin_anyway(self) -> None:
        """Record a call to a provider that is called also while it is out."""
        self._is_tried = self.out_since is not None

    def failed(self, error: AssistantUnavailableError, now: datetime) -> None:
        """Count a failure. A single slow answer is the lead's own."""
        if error.slow and self.out_since is None:
            self._slow += 1
            if self._slow < SLOW_ANSWERS:
                return
        if self.out_since is not None and not self._is_tried:
            # A call that began before the provider was known to be out.
            return
        self._is_tried = False
        self._failures += 1
        pause = error.wait or backoff(self._failures, base=self._base, maximum=self._maximum)
        self.out_since, self.error = self.out_since or now, error
        self._retry_at = now + pause

    def succeeded(self, *, is_trial: bool = False) -> None:
        """Record an answer; `is_trial`: it answered a trial call, not a person."""
        if not is_trial:
            self._failures = 0
        self._slow = 0
        self._is_tried = False
        self.out_since = self.error = self._retry_at = None

    def abandoned(self) -> None:
        """Record that a call was cancelled: another one may try."""
        self._is_tried = False

    def remaining(self, now: datetime) -> timedelta:
        """Return how long until the provider may be tried again."""
        return max(self._retry_at - now, timedelta()) if self._retry_at is not None else timedelta()

    @property
    def is_paused(self) -> bool:
        """True if the owner has to act before the provider can answer."""
        return isinstance(self.error, AssistantPausedError)
