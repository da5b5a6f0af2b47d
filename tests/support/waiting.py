"""Waiting on a condition, never for luck."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 60

T = TypeVar("T")


def until(look: Callable[[], T | None], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` gives once it gives something true; AssertionError with `what` after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")
