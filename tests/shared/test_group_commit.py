"""Group commit: who asks while a call is under way shares the next one."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.group_commit import MAX_BATCH, GroupCommit


class Calls:
    """Doubles numbers, refuses odd ones; keeps who was asked for together."""

    def __init__(self) -> None:
        self.seen: list[list[int]] = []
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def double(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.seen.append(list(numbers))
        self.asked.set()
        await self.may_answer.wait()
        if 0 in numbers:
            raise ConnectionError("gone")
        return [ValueError(str(number)) if number % 2 else 2 * number for number in numbers]


async def test_who_asks_meanwhile_is_answered_together() -> None:
    calls = Calls()
    together = GroupCommit(calls.double)
    first = asyncio.create_task(together.submit(2))
    await calls.asked.wait()
    others = [asyncio.create_task(together.submit(number)) for number in (4, 5, 6)]
    await asyncio.sleep(0)
    calls.may_answer.set()
    assert await first == 4
    assert await asyncio.gather(*others, return_exceptions=True) == [8, others[1].exception(), 12]
    assert isinstance(others[1].exception(), ValueError)
    assert calls.seen == [[2], [4, 5, 6]]


async def test_at_most_so_many_share_a_call_in_the_order_in_which_they_came() -> None:
    calls = Calls()
    together = GroupCommit(calls.double, most=3, linger=0)
    first = asyncio.create_task(together.submit(2))
    await calls.asked.wait()
    others = [asyncio.create_task(together.submit(number)) for number in (4, 6, 8, 10)]
    await asyncio.sleep(0)
    calls.may_answer.set()
    assert await asyncio.gather(first, *others) == [4, 8, 12, 16, 20]
    assert calls.seen == [[2], [4, 6, 8], [10]]


async def test_after_a_call_that_failed_comes_the_next() -> None:
    calls = Calls()
    calls.may_answer.set()
    together = GroupCommit(calls.double, most=2)
    answers = await asyncio.gather(*map(together.submit, (2, 0, 4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError, ConnectionError, int]


async def test_an_answer_too_few_lets_nobody_wait_for_ever() -> None:
    async def forgetful(numbers: Sequence[int]) -> Sequence[int]:
        return numbers[1:]

    together = GroupCommit(forgetful)
    answers = await asyncio.gather(together.submit(1), together.submit(2), return_exceptions=True)
    assert answers[0] == 2
    assert isinstance(answers[1], ValueError)


async def test_what_the_call_itself_raises_everybody_gets() -> None:
    calls = Calls()
    calls.may_answer.set()
    together = GroupCommit(calls.double)
    answers = await asyncio.gather(together.submit(0), together.submit(2), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError, ConnectionError]
    assert await together.submit(2) == 4


async def test_who_gives_up_does_not_take_the_others_along() -> None:
    calls = Calls()
    together = GroupCommit(calls.double)
    hasty, patient = (asyncio.create_task(together.submit(number)) for number in (2, 4))
    await calls.asked.wait()
    hasty.cancel()
    calls.may_answer.set()
    assert await patient == 8
    with pytest.raises(asyncio.CancelledError):
        await hasty


async def test_a_great_crowd_comes_in_several_calls() -> None:
    calls = Calls()
    calls.may_answer.set()
    together = GroupCommit(calls.double)
    numbers = range(2, 4 * MAX_BATCH, 2)
    assert await asyncio.gather(*map(together.submit, numbers)) == [2 * number for number in numbers]
    assert max(map(len, calls.seen)) == MAX_BATCH
