"""Ends the process in time when a stop hangs."""

import logging
import os
import threading

log = logging.getLogger(__name__)

# Less than operators and containers wait before they send SIGKILL.
MAX_STOP_SECONDS = 14


def end_in_time(seconds: float = MAX_STOP_SECONDS) -> None:
    """End this process with exit code 0 if it has not ended by itself within `seconds`.

    Uses a thread: a database driver's thread that waits for a lock would block the end of the event loop too.
    Nothing is lost: every effect has its identity in the database, and the next start continues the work.
    """
    timer = threading.Timer(seconds, _end)
    timer.daemon = True
    timer.start()


def _end() -> None:
    log.warning("the stop takes too long: ending now; the next start continues the unfinished work")
    logging.shutdown()
    os._exit(0)
