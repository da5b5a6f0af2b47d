"""What polling needs of a scheduler."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Protocol

from shared.bookings.changes import Listed
from shared.bookings.schedulers.port import SchedulerApi

BEFORE, AHEAD = timedelta(days=1), timedelta(days=60)
# These refuse one booking; another one may be told.
REFUSED = frozenset({400, 403, 404, 410})


class Reader(Protocol):
    """Reads the bookings of one scheduler. All calls raise SchedulerError."""

    @property
    def api(self) -> SchedulerApi:
        """The scheduler's API."""

    def read(self, now: datetime) -> AsyncIterator[Listed]:
        """Yield the bookings around now. One that is refused is asked for again in the next poll."""

    def ask(self, external_id: str, now: datetime) -> AsyncIterator[Listed]:
        """Yield what the scheduler tells of one booking; nothing if there is none any more."""
