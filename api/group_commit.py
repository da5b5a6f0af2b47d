"""One commit for all that comes while the one before it is under way."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


class GroupCommit(Generic[Item, Outcome]):
    """Hands items to `store`, at most `most` together; who put one in waits for its outcome.

    What comes alone is stored at once: nobody waits for company, only for the commit before.
    `store` gives an outcome for every item, in their order. If it raises, everybody hears of it.
    """

    def __init__(self, store: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]], most: int) -> None:
        self._store = store
        self._most = most
        self._waiting: deque[tuple[Item, asyncio.Future[Outcome]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def put(self, item: Item) -> Outcome:
        """The item's outcome, when it is committed."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writer is None:
            # Without the context of the one who happens to come first: the others' lines are not theirs.
            self._writer = asyncio.get_running_loop().create_task(self._write(), context=Context())
        return await future

    async def _write(self) -> None:
        try:
            while self._waiting:
                # Whoever is ready in this turn of the loop comes along.
                await asyncio.sleep(0)
                size = min(len(self._waiting), self._most)
                await self._commit([self._waiting.popleft() for _ in range(size)])
        finally:
            self._writer = None

    async def _commit(self, batch: Sequence[tuple[Item, asyncio.Future[Outcome]]]) -> None:
        try:
            outcomes = await self._store([item for item, _ in batch])
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if not future.done():
                    future.set_result(outcome)
        except Exception as error:  # noqa: BLE001 - it is for those who wait to say what it means
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        finally:
            # Cut off in the middle: nobody may wait for ever.
            for _, future in batch:
                future.cancel()
