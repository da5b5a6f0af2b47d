"""Time as an argument: only the entry points pass the real clock, tests pass their own."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

Clock = Callable[[], datetime]

# No setting: only the sandbox's demo gives it to its processes. The file holds the seconds by which their
# clock is ahead, so that the reminder of a meeting in two days can be seen at once.
_MOVED_BY = os.environ.get("SANDBOX_CLOCK")


def unix_time() -> float:
    """Return the time in Unix seconds."""
    return time.time() + _seconds_ahead() if _MOVED_BY else time.time()


def utc_now() -> datetime:
    """Return the current time, timezone-aware, in UTC."""
    return datetime.fromtimestamp(unix_time(), UTC)


def _seconds_ahead() -> float:
    with suppress(OSError, ValueError):
        return float(Path(_MOVED_BY or "").read_text("ascii"))
    return 0.0
