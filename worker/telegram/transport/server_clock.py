"""Telegram's time: every message id contains it, and Telegram rejects ids that are far from it.

See core.telegram.org/mtproto/service_messages_about_messages, errors 16 and 17.
"""

import logging
import time
from collections.abc import Callable

from shared.database.checks.clock_check import describe_clock_error

log = logging.getLogger(__name__)

# From this difference on, the machine's clock is reported as wrong.
WRONG_SECONDS = 5.0
# A message id is the Unix time in units of 2^-32 seconds.
_ID_UNITS = 2.0**32


class ServerClock:
    """Counts Telegram's time with the monotonic clock, so that a change of the machine's clock moves nothing.

    Until the first `sync` it is the machine's time.
    """

    def __init__(
        self,
        machine: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._machine = machine
        self._monotonic = monotonic
        self._offset = machine() - monotonic()
        self._is_reported = False

    def now(self) -> float:
        """Return Telegram's time in Unix seconds."""
        return self._monotonic() + self._offset

    def sync(self, msg_id: int) -> None:
        """Take the time from the id of a message that Telegram has just sent."""
        self._offset = msg_id / _ID_UNITS - self._monotonic()
        if not self._is_reported and abs(self.error) >= WRONG_SECONDS:
            self._is_reported = True
            log.warning("%s; the worker uses Telegram's time for its calls", describe(self.error))

    @property
    def error(self) -> float:
        """By how many seconds the machine's clock is ahead of Telegram's; negative: behind."""
        return self._machine() - self.now()


def describe(error: float) -> str:
    """Return a text about the machine's clock, which is `error` seconds ahead of Telegram's."""
    return describe_clock_error(error, "Telegram")
