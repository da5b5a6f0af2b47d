"""Outages of the model and of Telegram: what caused a failure, and when to try again. Pure.

An outage counts once, however many callers it hits: its pause grows from round to round. After each pause one
caller tries; the others follow at a steady rate, in the order in which they failed. A caller that has not
failed yet is not held up: a single lead may be the cause.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count

from shared.backoff import backoff

# The pause between two waiting callers once an outage is over: a provider that has just recovered is not
# flooded, and ten callers still need no more than two seconds.
SPACING = timedelta(seconds=0.2)
# A call that has not ended after this time no longer keeps the others waiting.
LOST_CALL = timedelta(minutes=3)
# After so many failed trials of one caller, the next caller tries. The second number is for pauses that an
# error has asked for, which are long.
_TRIALS_IN_A_ROW, _LONG_TRIALS_IN_A_ROW = 3, 2


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
        self._waiting: set[int] = set()
        # In which order the callers began: those who fail together do not fail in order.
        self._place: dict[int, int] = {}
        self._next_place = count()
        # The round in which each running call began.
        self._round_of_call: dict[int, int] = {}
        self._trial: tuple[int, datetime] | None = None
        # The caller of the latest failed trial, and how many trials of it have failed in a row.
        self._failed_trials: tuple[int, int] = (0, 0)
        # They go last, until all have failed so.
        self._set_back: set[int] = set()

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
        self._place.setdefault(caller, next(self._next_place))

    def hold(self, caller: int, now: datetime) -> timedelta | None:
        """Return how long the caller must wait before it calls; None: it calls now, on trial if need be."""
        if self._latest is None or not (self._latest.provider_wide or caller in self._waiting):
            return None
        due = self._latest.until + SPACING * self._index_of(caller)
        if now < due:
            return due - now
        if self._trial is not None and self._trial[0] != caller and now < self._trial[1] + LOST_CALL:
            return self._pause_of(caller, now) + timedelta(seconds=1)
        self._trial = (caller, now)
        return None

    def release(self, caller: int) -> None:
        """Record that the caller's call has ended, also if it was not made after all."""
        self._round_of_call.pop(caller, None)
        if caller not in self._waiting:
            self._place.pop(caller, None)
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
        if slow and not (self._waiting - {caller}):
            # Kept in mind: the same failure of another caller is an outage.
            self._wait(caller)
            is_cause = True
        if is_cause and not provider_wide:
            return None
        self._wait(caller)
        self._let_others_try(caller, _LONG_TRIALS_IN_A_ROW if wait else _TRIALS_IN_A_ROW)
        self._count(caller, _Failure(reason, now, provider_wide), wait)
        return self._pause_of(caller, now)

    def succeeded(self, caller: int) -> None:
        """Count a success, which ends the outage."""
        self._rounds = 0
        self._latest = None
        self._waiting.clear()
        self._place = {one: self._place[one] for one in self._round_of_call if one in self._place}
        self._set_back.clear()
        self._successes += 1
        self._successes_at_failure.pop(caller, None)

    def _let_others_try(self, caller: int, trials: int) -> None:
        """Set a caller back whose trials go on failing: it may be the only one that fails.

        If that happens to all, none is to blame, and those who wait longest go first again.
        """
        if self._trial is None or self._trial[0] != caller:
            return
        latest, failed = self._failed_trials
        failed = failed + 1 if latest == caller else 1
        if failed >= trials:
            self._set_back.add(caller)
            failed = 0
        if self._set_back >= self._waiting:
            self._set_back.clear()
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
        until = self._latest.until if self._latest else now
        return max(until - now, timedelta()) + SPACING * self._index_of(caller)

    def _wait(self, caller: int) -> None:
        self._waiting.add(caller)
        self._place.setdefault(caller, next(self._next_place))

    def _index_of(self, caller: int) -> int:
        """Return the caller's place among those who wait, longest first."""
        self._wait(caller)
        order = sorted(self._waiting, key=lambda one: (one in self._set_back, self._place[one]))
        return order.index(caller)


class OutageTrackers:
    """One OutageTracker per kind of call: all look-ups may fail while every message is delivered."""

    def __init__(self, *, base: float, maximum: float) -> None:
        self._base = base
        self._maximum = maximum
        self._trackers: dict[str, OutageTracker] = {}

    def of(self, call: str) -> OutageTracker:
        """Return the tracker of this kind of call."""
        return self._trackers.setdefault(call, OutageTracker(base=self._base, maximum=self._maximum))
