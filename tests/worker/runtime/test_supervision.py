"""A background task that fails starts again, after a growing pause; only the end of the session ends it."""

import asyncio
from itertools import pairwise

import pytest

from tests.support.waiting import patience
from worker.domain.telegram_port import SessionRevokedError
from worker.runtime.supervision import keep_running


async def test_a_task_that_fails_starts_again() -> None:
    moments: list[float] = []

    async def run() -> None:
        moments.append(asyncio.get_running_loop().time())
        if len(moments) < 5:
            raise KeyError("a bug")

    async with patience():
        await keep_running("the test", run, base=0.02)
    pauses = [later - earlier for earlier, later in pairwise(moments)]
    assert len(moments) == 5
    assert pauses[-1] > 2 * pauses[0]


async def test_the_end_of_the_session_ends_the_task() -> None:
    async def run() -> None:
        raise SessionRevokedError("ended")

    with pytest.raises(SessionRevokedError):
        await keep_running("the test", run)
