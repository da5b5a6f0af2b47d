"""What the sandbox's schedulers have alike: the faults of their webhooks, and the limit of their APIs."""

import abc
import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import httpx2
from pydantic import BaseModel

TIMEOUT_SECONDS = 15.0
BookingT = TypeVar("BookingT")


@dataclass
class Faults:
    """What goes wrong with webhook calls, each for so many calls.

    `late_seconds`: all calls come later. `twice`: each call is made twice. `reversed`: the calls of one act
    come in the other order. `wrong_signature`, `never`: for the next calls. `bare`: calls lack a part, as
    the real ones sometimes do.
    """

    late_seconds: float = 0
    twice: bool = False
    reversed: bool = False
    wrong_signature: int = 0
    never: int = 0
    bare: bool = False


@dataclass
class RateLimit:
    """Counts the calls of an API in a minute."""

    clock: Callable[[], float]
    limit: int
    calls: list[float] = field(default_factory=list)

    def change(self, limit: int | None) -> None:
        """Set another limit; None keeps it."""
        if limit is not None:
            self.limit = limit

    def is_reached(self) -> bool:
        """Count a call; returns True if there were too many."""
        now = self.clock()
        self.calls = [at for at in self.calls if now - at < 60]
        self.calls.append(now)
        return len(self.calls) > self.limit


class FaultsIn(BaseModel):
    """The faults to set, and the limit of the API's calls in a minute; faults that are not named end."""

    late_seconds: float = 0
    twice: bool = False
    reversed: bool = False
    wrong_signature: int = 0
    never: int = 0
    bare: bool = False
    rate_limit: int | None = None

    def faults(self) -> Faults:
        """Return the faults of webhook calls."""
        return Faults(**self.model_dump(exclude={"rate_limit"}))


class WebhookCalls(abc.ABC, Generic[BookingT]):
    """Makes webhook calls in the background, with the faults that are set; events keep their order."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    @abc.abstractmethod
    def faults(self) -> Faults:
        """The faults that are set."""

    @abc.abstractmethod
    def call(self, event: str, one: BookingT) -> dict[str, Any]:
        """Return the body of a call about an event."""

    @abc.abstractmethod
    async def deliver(self, client: httpx2.AsyncClient, event: str, call: dict[str, Any]) -> None:
        """Make a call to all subscriptions that wait for the event."""

    def report(self, *events: tuple[str, BookingT]) -> None:
        """Report events to all subscriptions, with the faults that are set."""
        faults = self.faults
        told = list(reversed(events)) if faults.reversed else list(events)
        calls = [(name, self.call(name, one)) for name, one in told for _ in range(2 if faults.twice else 1)]
        task = asyncio.create_task(self._deliver_all(faults, calls))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Return when all calls have been made, or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Drop the calls that were not made."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def signing_key(self, key: str) -> str:
        """Return the key with which the next call is signed: a wrong one while that fault is set."""
        if self.faults.wrong_signature <= 0:
            return key
        self.faults.wrong_signature -= 1
        return key + "?"

    async def _deliver_all(self, faults: Faults, calls: list[tuple[str, dict[str, Any]]]) -> None:
        if faults.late_seconds:
            await asyncio.sleep(faults.late_seconds)
        async with httpx2.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            for event, call in calls:
                if faults.never > 0:
                    faults.never -= 1
                    continue
                await self.deliver(client, event, call)
