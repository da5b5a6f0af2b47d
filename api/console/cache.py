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
        self._locks: dict[Hashable, asyncio.Lock] = {}

    async def get(self, key: Hashable, lasts: timedelta, read: Callable[[], Awaitable[Value]]) -> Kept[Value]:
        """Return the result for a key, read at most `lasts` ago. The keys must be few: none is removed."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            kept = self._kept.get(key)
            if kept is None or self._clock() - kept.at >= lasts:
                kept = self._kept[key] = Kept(await read(), self._clock())
            return kept

    def forget(self, key: Hashable) -> None:
        """Have a result read again: this process has changed it."""
        self._kept.pop(key, None)


def cache_of(app: FastAPI) -> ShortCache:
    """Return the application's cache, made when it is first needed."""
    cache: ShortCache | None = getattr(app.state, "console_cache", None)
    if cache is None:
        cache = app.state.console_cache = ShortCache()
    return cache
