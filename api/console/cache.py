"""Keeps results of slow queries for a short time; simultaneous requests wait for one query."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from fastapi import FastAPI

from shared.clock import Clock, utc_now

Value = TypeVar("Value")


@dataclass(frozen=True)
class Kept(Generic[Value]):
    """A result, and when it was read."""

    value: Value
    at: datetime


class ShortCache:
    """The results of one process, by key."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._kept: dict[Hashable, Kept[Any]] = {}
        self._reads: dict[Hashable, asyncio.Task[Kept[Any]]] = {}

    async def get(self, key: Hashable, lasts: timedelta, read: Callable[[], Awaitable[Value]]) -> Kept[Value]:
        """Return the result for a key, read at most `lasts` ago. The keys must be few: none is removed.

        Callers that wait for the same query get its result or its error; the next caller asks again.
        """
        kept = self._kept.get(key)
        if kept is not None and self._clock() - kept.at < lasts:
            return kept
        if key not in self._reads:
            task = self._reads[key] = asyncio.create_task(self._read(key, read))
            # An error is not reported as unread if all callers have gone away.
            task.add_done_callback(lambda done: done.cancelled() or done.exception())
        # A caller that goes away leaves the query to the others.
        return await asyncio.shield(self._reads[key])

    async def _read(self, key: Hashable, read: Callable[[], Awaitable[Value]]) -> Kept[Value]:
        task = asyncio.current_task()
        try:
            kept = Kept(await read(), self._clock())
            if self._reads.get(key) is task:
                self._kept[key] = kept
            return kept
        finally:
            if self._reads.get(key) is task:
                del self._reads[key]

    def forget(self, key: Hashable) -> None:
        """Have a result read again: this process has changed it."""
        self._kept.pop(key, None)
        # A query that runs now may have read what was before.
        self._reads.pop(key, None)


def cache_of(app: FastAPI) -> ShortCache:
    """Return the application's cache, made when it is first needed."""
    cache: ShortCache | None = getattr(app.state, "console_cache", None)
    if cache is None:
        cache = app.state.console_cache = ShortCache()
    return cache
