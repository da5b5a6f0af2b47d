"""Group commit: requests that arrive while a call is running are answered together by the next call."""

import asyncio
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
    up to `max_wait` seconds for more requests.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[AskT]], Awaitable[Sequence[AnswerT | Exception]]],
        *,
        max_batch: int = MAX_BATCH,
        max_wait: float = MAX_WAIT_SECONDS,
    ) -> None:
        self._answer = answer
        self._max_batch = max_batch
        self._max_wait = max_wait
        self._waiting: deque[tuple[AskT, asyncio.Future[AnswerT]]] = deque()
        self._answering: asyncio.Task[None] | None = None

    async def submit(self, ask: AskT) -> AnswerT:
        """Return the answer to one request, or raise its error."""
        future: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, future))
        if self._answering is None:
            # An empty context: else all log lines of the batch would carry the first caller's request id.
            self._answering = asyncio.get_running_loop().create_task(self._answer_all(), context=Context())
        return await future

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
