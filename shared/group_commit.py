"""Group commit: what is asked while a call is under way is answered together by the next one."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import Context
from typing import Generic, TypeVar

AskT = TypeVar("AskT")
AnswerT = TypeVar("AnswerT")

# In a crowd, how long the next call waits for others to join; who comes with few waits for less.
LINGER_SECONDS = 0.1
FULL_WAIT_AT = 5
# A statement with too many values is no help to anybody.
MAX_BATCH = 100


class GroupCommit(Generic[AskT, AnswerT]):
    """`answer` gives one answer for each ask, in their order; an exception among them is that ask's own.

    What `answer` itself raises, everybody gets. An asker that is cancelled is answered all the same: others
    are in the same call. Who is alone waits for nobody, and in a crowd the next call waits for `linger`
    seconds for others to join, after a small one for a part of that. At most `most` share a call.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[AskT]], Awaitable[Sequence[AnswerT | Exception]]],
        *,
        most: int = MAX_BATCH,
        linger: float = LINGER_SECONDS,
    ) -> None:
        self._answer = answer
        self._most = most
        self._linger = linger
        self._waiting: deque[tuple[AskT, asyncio.Future[AnswerT]]] = deque()
        self._answering: asyncio.Task[None] | None = None

    async def submit(self, ask: AskT) -> AnswerT:
        """The answer to one ask."""
        future: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._waiting.append((ask, future))
        if self._answering is None:
            # Without the context of the one who happens to come first: the others' log lines are not theirs.
            self._answering = asyncio.get_running_loop().create_task(self._answer_all(), context=Context())
        return await future

    async def _answer_all(self) -> None:
        crowd = 1
        try:
            while self._waiting:
                # Whoever is ready in this turn of the loop comes along at any rate.
                await asyncio.sleep(self._linger * min(crowd - 1, FULL_WAIT_AT - 1) / (FULL_WAIT_AT - 1))
                crowd = min(len(self._waiting), self._most)
                await self._answer_some([self._waiting.popleft() for _ in range(crowd)])
        finally:
            self._answering = None
            _let_go(self._waiting)

    async def _answer_some(self, together: Sequence[tuple[AskT, asyncio.Future[AnswerT]]]) -> None:
        try:
            answers = await self._answer([ask for ask, _ in together])
            for (_, future), answer in zip(together, answers, strict=True):
                _tell(future, answer)
        except Exception as error:  # noqa: BLE001 - it is the askers' to handle
            for _, future in together:
                _tell(future, error)
        finally:
            _let_go(together)


def _tell(future: asyncio.Future[AnswerT], answer: AnswerT | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _let_go(asked: Iterable[tuple[object, asyncio.Future[AnswerT]]]) -> None:
    # Cut off in the middle: nobody may wait for ever. Who has an answer keeps it.
    for _, future in asked:
        future.cancel()
