"""Group commit: what is asked while a call is under way is answered together by the next one."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

AskT = TypeVar("AskT")
AnswerT = TypeVar("AnswerT")

# In a crowd, how long the next call waits for others to join; who is alone waits for nobody.
LINGER_SECONDS = 0.01
# A statement with too many values is no help to anybody.
MOST_TOGETHER = 100


class Together(Generic[AskT, AnswerT]):
    """`answer` gives one answer for each ask, in their order; an exception among them is that ask's own.

    What `answer` itself raises, everybody gets. An asker that is cancelled is answered all the same: others
    are in the same call.
    """

    def __init__(self, answer: Callable[[Sequence[AskT]], Awaitable[Sequence[AnswerT | Exception]]]) -> None:
        self._answer = answer
        self._gathered: list[tuple[AskT, asyncio.Future[AnswerT]]] = []
        self._answering: asyncio.Task[None] | None = None
        self._crowd = 1

    async def ask(self, ask: AskT) -> AnswerT:
        """The answer to one ask."""
        future: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._gathered.append((ask, future))
        if self._answering is None:
            self._answering = asyncio.create_task(self._answer_all())
        return await future

    async def _answer_all(self) -> None:
        try:
            while self._gathered:
                if self._crowd > 1:
                    await asyncio.sleep(LINGER_SECONDS)
                together, self._gathered = self._gathered[:MOST_TOGETHER], self._gathered[MOST_TOGETHER:]
                self._crowd = len(together)
                await self._answer_some(together)
        finally:
            self._answering = None
            for _, future in self._gathered:
                future.cancel()

    async def _answer_some(self, together: Sequence[tuple[AskT, asyncio.Future[AnswerT]]]) -> None:
        futures = [future for _, future in together]
        try:
            answers = await self._answer([ask for ask, _ in together])
        except Exception as error:  # noqa: BLE001 - it is the askers' to handle
            answers = [error] * len(futures)
        except BaseException:
            for future in futures:
                future.cancel()
            raise
        for future, answer in zip(futures, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
