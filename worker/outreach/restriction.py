"""A restriction of the whole account by Telegram: while it lasts nothing is sent, except after each pause."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

# After the pause the leads try one after the other: the first refusal begins the next pause for all.
SPREAD = timedelta(minutes=10)


@dataclass(frozen=True)
class Pause:
    """How long to wait, and why."""

    wait: timedelta
    reason: str


class Restriction:
    """In memory: after a restart of the worker the first call finds the restriction again.

    `chance` returns a random number from 0 to 1.
    """

    def __init__(self, clock: Callable[[], datetime], chance: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._chance = chance
        self._until: datetime | None = None
        self._reason = ""

    @property
    def is_known(self) -> bool:
        """True from the first refusal until a message is delivered."""
        return self._until is not None

    def begin(self, wait: timedelta, reason: str) -> None:
        """Telegram has refused a call: pause for `wait`."""
        self._until, self._reason = self._clock() + wait, reason

    def check(self) -> Pause | None:
        """Return the pause that a lead has to keep; None if Telegram may be called."""
        left = self._until - self._clock() if self._until else timedelta()
        if left <= timedelta():
            return None
        return Pause(left + SPREAD * self._chance(), self._reason)

    def end(self) -> None:
        """A message was delivered."""
        self._until = None
