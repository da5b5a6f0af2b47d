"""A stop ends in time, whatever hangs."""

import logging
import os
import threading

log = logging.getLogger(__name__)

# Below what operators and containers grant before they kill.
LONGEST_STOP_SECONDS = 14


def end_in_time(seconds: float = LONGEST_STOP_SECONDS) -> None:
    """End this process with exit code 0 if it has not ended by itself within `seconds`.

    By a thread of its own: a driver's thread that waits for a lock would hold the event loop's end up, too.
    Nothing is lost by it: what is in hand has its identity, and the next start takes it up.
    """
    timer = threading.Timer(seconds, _end)
    timer.daemon = True
    timer.start()


def _end() -> None:
    log.warning("the stop takes too long: ending here; the next start takes up what was in hand")
    logging.shutdown()
    os._exit(0)
