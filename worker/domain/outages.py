"""Outages of the model and of Telegram: what caused a failure, and when to try again. Pure.

An outage counts once, however many callers it hits: its pause grows from round to round. After each pause one
caller tries; the others follow at a steady rate, in the order in which they failed. A caller that has not
failed yet is not held up: a single lead may be the cause.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.backoff import backoff

# The pause between two waiting callers once an outage is over: a provider that has just recovered is not
# flooded, and ten callers still need no more than two seconds.
SPACING = timedelta(seconds=0.2)
# A call that has not ended after this time no longer keeps the others waiting.
LOST_CALL = timedelta(minutes=3)
# After so many failed trials of one caller, the next caller tries.
_TRIALS_IN_A_ROW = 2


@dataclass(frozen=True)
class _Failure:
    """The latest failure of an outage: its reason, and when the next call may be made.

    `provider_wide`: the dependency has said that no call succeeds until then.
    """

    reason: str
    until: datetime
    provider_wide: bool = False


class OutageTracker:
    """Tracks an outage of one dependency, and how long to wait before it is called again.

    One success ends the outage. While all callers fail, no caller is to blame: the dependency is down.
    A caller that fails again after others have succeeded is itself the cause.
    """

    def __init__(self, *, base: float, maximum: float) -> None:
        self._base = base
        self._maximum = maximum
        self._rounds = 0
        self._latest: _Failure | None = None
        self._successes = 0
        self._successes_at_failure: dict[int, int] = {}
        # The callers that wait, longest first, and the round in which each running call began.
        self._waiting: dict[int, None] = {}
        self._round_of_call: dict[int, int] = {}
        self._trial: tuple[int, datetime] | None = None
        # The caller of the latest failed trial, and how many trials of it have failed in a row.
        self._failed_trials: tuple[int, int] = (0, 0)

    @property
    def is_ongoing(self) -> bool:
        """True if the latest result was a failure."""
        return self._rounds > 0

    @property
    def reason(self) -> str:
        """The reason of the latest failure; empty without an outage."""
        return self._latest.reason if self._latest else ""

    def begin(self, caller: int) -> None:
        """Record that the caller calls now: its failure may belong to an earlier round of the outage."""
        self._round_of_call[caller] = self._rounds

    def hold(self, caller: int, now: datetime) -> timedelta | None:
        """Return how long the caller must wait before it calls; None: it calls now, on trial if need be."""
        if self._latest is None or not (self._latest.provider_wide or caller in self._waiting):
            return None
        if now < self._latest.until:
            return self._pause_of(caller, now)
        if self._trial is not None and self._trial[0] != caller and now < self._trial[1] + LOST_CALL:
            return self._pause_of(caller, now) + timedelta(seconds=1)
        self._trial = (caller, now)
        return None

    def release(self, caller: int) -> None:
        """Record that the caller's call has ended, also if it was not made after all."""
        self._round_of_call.pop(caller, None)
        if self._trial is not None and self._trial[0] == caller:
            self._trial = None

    def failed(
        self,
        caller: int,
        now: datetime,
        reason: str,
        *,
        wait: timedelta | None = None,
        provider_wide: bool = False,
        slow: bool = False,
    ) -> timedelta | None:
        """Count a failure. Returns the pause until the next try, or None if the caller itself is the cause.

        `wait`: the pause that the dependency asked for. `provider_wide`: the error says that the dependency
        fails for everyone. `slow`: there was no answer in time; that is an outage only if others fail too.
        """
        before = self._successes_at_failure.get(caller)
        self._successes_at_failure[caller] = self._successes
        is_cause = before is not None and before < self._successes
        if slow and not (self._waiting.keys() - {caller}):
            # Kept in mind: the same failure of another caller is an outage.
            self._waiting.setdefault(caller)
            is_cause = True
        if is_cause and not provider_wide:
            return None
        self._waiting.setdefault(caller)
        self._let_others_try(caller)
        self._count(caller, _Failure(reason, now, provider_wide), wait)
        return self._pause_of(caller, now)

    def succeeded(self, caller: int) -> None:
        """Count a success, which ends the outage."""
        self._rounds = 0
        self._latest = None
        self._waiting.clear()
        self._successes += 1
        self._successes_at_failure.pop(caller, None)

    def _let_others_try(self, caller: int) -> None:
        """Move a caller whose trials go on failing to the end: it may be the only one that fails."""
        if self._trial is None or self._trial[0] != caller:
            return
        latest, failed = self._failed_trials
        failed = failed + 1 if latest == caller else 1
        if failed >= _TRIALS_IN_A_ROW:
            del self._waiting[caller]
            self._waiting[caller] = None
            failed = 0
        self._failed_trials = (caller, failed)

    def _count(self, caller: int, failure: _Failure, wait: timedelta | None) -> None:
        """Begin the next round, unless this call began before the current round or during its pause."""
        now, latest = failure.until, self._latest
        began = self._round_of_call.get(caller, self._rounds)
        if latest is not None and (began < self._rounds or now < latest.until):
            if wait is not None:
                wide = latest.provider_wide or failure.provider_wide
                self._latest = replace(latest, until=max(latest.until, now + wait), provider_wide=wide)
            return
        self._rounds += 1
        # No wait at all would be a loop.
        pause = wait or backoff(self._rounds, base=self._base, maximum=self._maximum)
        self._latest = replace(failure, until=now + pause)

    def _pause_of(self, caller: int, now: datetime) -> timedelta:
        """Return the pause of a caller: the rest of the round's, and its place among those who wait."""
        self._waiting.setdefault(caller)
        until = self._latest.until if self._latest else now
        return max(until - now, timedelta()) + SPACING * list(self._waiting).index(caller)


class OutageTrackers:
    """One OutageTracker per kind of call: all look-ups may fail while every message is delivered."""

    def __init__(self, *, base: float, maximum: float) -> None:
        self._base = base
        self._maximum = maximum
        self._trackers: dict[str, OutageTracker] = {}

    def of(self, call: str) -> OutageTracker:
        """Return the tracker of this kind of call."""
        return self._trackers.setdefault(call, OutageTracker(base=self._base, maximum=self._maximum))
