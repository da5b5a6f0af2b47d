"""The only place where tests wait: for a condition, up to one limit that suits a busy machine.

The environment variable TEST_PATIENCE is a factor (default 1) on every wait and time limit of the suite:
`TEST_PATIENCE=5 make test` suits a slow or busy machine. A limit only ends what hangs; a condition that
becomes true ends the wait at once, so a large factor costs nothing.
"""

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

PATIENCE_SECONDS = 60.0
_FACTOR = float(os.environ.get("TEST_PATIENCE", "1"))
_POLL_SECONDS = 0.05
_POLL_ASYNC_SECONDS = 0.005

T = TypeVar("T")


def patience_seconds(seconds: float | None = None) -> float:
    """A time limit for calls that take one, in scaled seconds; by default PATIENCE_SECONDS."""
    return (PATIENCE_SECONDS if seconds is None else seconds) * _FACTOR


def patience(seconds: float | None = None) -> asyncio.Timeout:
    """An `asyncio.timeout` with the same limit, for a block that waits by itself."""
    return asyncio.timeout(patience_seconds(seconds))


async def in_time(awaited: Awaitable[T], seconds: float | None = None) -> T:
    """Wait for the result of `awaited`; raises TimeoutError, and cancels it, after the limit."""
    return await asyncio.wait_for(awaited, patience_seconds(seconds))


def until(
    look: Callable[[], T | None],
    what: str = "the condition",
    seconds: float | None = None,
    *,
    poll_seconds: float = _POLL_SECONDS,
) -> T:
    """Poll `look` until it returns something true, and return that.

    Raises AssertionError with `what` after the limit. `poll_seconds=0` polls without a pause.
    """
    limit = patience_seconds(seconds)
    deadline = time.monotonic() + limit
    while True:
        if found := look():
            return found
        assert time.monotonic() < deadline, f"not within {limit:g} s: {what}"
        time.sleep(poll_seconds)


async def until_async(
    look: Callable[[], T | Awaitable[T | None] | None],
    what: str = "the condition",
    seconds: float | None = None,
) -> T:
    """Like `until`, without blocking the event loop; `look` may be a coroutine function."""
    limit = patience_seconds(seconds)
    deadline = time.monotonic() + limit
    while True:
        looked = look()
        found = await looked if inspect.isawaitable(looked) else looked
        if found:
            return cast("T", found)
        assert time.monotonic() < deadline, f"not within {limit:g} s: {what}"
        await asyncio.sleep(_POLL_ASYNC_SECONDS)
