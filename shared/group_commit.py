"""Group commit: requests that arrive while a call is running are answered together by the next call."""

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

AskT = TypeVar("AskT")
AnswerT = TypeVar("AnswerT")

# How long a call waits for more requests: the full time after a batch of FULL_WAIT_AT or more, less after a
# smaller batch, not at all after a single request.
MAX_WAIT_SECONDS = 0.1
FULL_WAIT_AT = 5
# Larger statements bring nothing more.
MAX_BATCH = 100


class GroupCommit(Generic[AskT, AnswerT]):
    """Passes concurrent requests to `answer` in batches of at most `max_batch`; one call runs at a time.

    `answer` returns one result per request, in their order; an exception among the results is raised to that
    request alone. If `answer` itself raises, every request of the batch gets the error. A cancelled request
    stays in its batch, which others share. A single request does not wait; after a batch the next call waits
    up to `max_wait` seconds for more requests. A request without an answer after `max_seconds` gets the error
    that `too_late` returns; its batch goes on.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[AskT]], Awaitable[Sequence[AnswerT | Exception]]],
        *,
        max_batch: int = MAX_BATCH,
        max_wait: float = MAX_WAIT_SECONDS,
        max_seconds: float = math.inf,
        too_late: Callable[[], Exception] = TimeoutError,
    ) -> None:
        self._answer = answer
        self._max_batch = max_batch
        self._max_wait = max_wait
        self._waiting: deque[tuple[AskT, asyncio.Future[AnswerT]]] = deque()
        self._answering: asyncio.Task[None] | None = None
        self._max_seconds = max_seconds
        self._too_late = too_late
        # The requests without an answer, oldest first. One timer for all: one for each would cost too much.
        self._unanswered: deque[tuple[float, asyncio.Future[AnswerT]]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def submit(self, ask: AskT) -> AnswerT:
        """Return the answer to one request, or raise its error."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[AnswerT] = loop.create_future()
        self._waiting.append((ask, future))
        if self._answering is None:
            # An empty context: else all log lines of the batch would carry the first caller's request id.
            self._answering = loop.create_task(self._answer_all(), context=Context())
        if self._max_seconds < math.inf:
            self._limit(future, loop)
        return await future

    def _limit(self, future: asyncio.Future[AnswerT], loop: asyncio.AbstractEventLoop) -> None:
        unanswered = self._unanswered
        while unanswered and unanswered[0][1].done():
            unanswered.popleft()
        unanswered.append((loop.time() + self._max_seconds, future))
        if self._timer is None:
            self._timer = loop.call_at(unanswered[0][0], self._expire, loop)

    def _expire(self, loop: asyncio.AbstractEventLoop) -> None:
        unanswered, now = self._unanswered, loop.time()
        while unanswered and (unanswered[0][1].done() or unanswered[0][0] <= now):
            _resolve(unanswered.popleft()[1], self._too_late())
        self._timer = loop.call_at(unanswered[0][0], self._expire, loop) if unanswered else None

    def close(self) -> None:
        """Stop the timer of `max_seconds`."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _answer_all(self) -> None:
        size = 1
        try:
            while self._waiting:
                # Even a sleep of 0 lets requests of the same loop iteration join.
                await asyncio.sleep(self._max_wait * min(size - 1, FULL_WAIT_AT - 1) / (FULL_WAIT_AT - 1))
                size = min(len(self._waiting), self._max_batch)
                await self._answer_batch([self._waiting.popleft() for _ in range(size)])
        finally:
            self._answering = None
            _cancel_unanswered(self._waiting)

    async def _answer_batch(self, batch: Sequence[tuple[AskT, asyncio.Future[AnswerT]]]) -> None:
        try:
            answers = await self._answer([ask for ask, _ in batch])
            for (_, future), answer in zip(batch, answers, strict=True):
                _resolve(future, answer)
        except Exception as error:  # noqa: BLE001 - every caller gets it
            for _, future in batch:
                _resolve(future, error)
        finally:
            _cancel_unanswered(batch)


def _resolve(future: asyncio.Future[AnswerT], answer: AnswerT | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _cancel_unanswered(requests: Iterable[tuple[object, asyncio.Future[AnswerT]]]) -> None:
    # After a cancelled call no caller may wait for ever. A future with a result keeps it.
    for _, future in requests:
        future.cancel()
