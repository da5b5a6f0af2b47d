"""Group commit: requests that arrive during a call share the next call."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.group_commit import MAX_BATCH, GroupCommit


class Calls:
    """Doubles even numbers, rejects odd ones, fails for 0; records the batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def double(self, numbers: Sequence[int]) -> Sequence[int | Exception]:
        self.batches.append(list(numbers))
        self.asked.set()
        await self.may_answer.wait()
        if 0 in numbers:
            raise ConnectionError("gone")
        return [ValueError(str(number)) if number % 2 else 2 * number for number in numbers]


async def test_requests_during_a_call_share_the_next_call() -> None:
    calls = Calls()
    group = GroupCommit(calls.double)
    first = asyncio.create_task(group.submit(2))
    await calls.asked.wait()
    others = [asyncio.create_task(group.submit(number)) for number in (4, 5, 6)]
    await asyncio.sleep(0)
    calls.may_answer.set()
    assert await first == 4
    assert await asyncio.gather(*others, return_exceptions=True) == [8, others[1].exception(), 12]
    assert isinstance(others[1].exception(), ValueError)
    assert calls.batches == [[2], [4, 5, 6]]


async def test_batches_are_limited_and_keep_the_order_of_requests() -> None:
    calls = Calls()
    group = GroupCommit(calls.double, max_batch=3, max_wait=0)
    first = asyncio.create_task(group.submit(2))
    await calls.asked.wait()
    others = [asyncio.create_task(group.submit(number)) for number in (4, 6, 8, 10)]
    await asyncio.sleep(0)
    calls.may_answer.set()
    assert await asyncio.gather(first, *others) == [4, 8, 12, 16, 20]
    assert calls.batches == [[2], [4, 6, 8], [10]]


async def test_next_batch_runs_after_a_failed_call() -> None:
    calls = Calls()
    calls.may_answer.set()
    group = GroupCommit(calls.double, max_batch=2)
    answers = await asyncio.gather(*map(group.submit, (2, 0, 4)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError, ConnectionError, int]


async def test_missing_answer_raises_instead_of_waiting_for_ever() -> None:
    async def drop_first(numbers: Sequence[int]) -> Sequence[int]:
        return numbers[1:]

    group = GroupCommit(drop_first)
    answers = await asyncio.gather(group.submit(1), group.submit(2), return_exceptions=True)
    assert answers[0] == 2
    assert isinstance(answers[1], ValueError)


async def test_error_of_the_call_is_raised_to_every_request() -> None:
    calls = Calls()
    calls.may_answer.set()
    group = GroupCommit(calls.double)
    answers = await asyncio.gather(group.submit(0), group.submit(2), return_exceptions=True)
    assert [type(answer) for answer in answers] == [ConnectionError, ConnectionError]
    assert await group.submit(2) == 4


async def test_cancelled_request_does_not_affect_others_in_its_batch() -> None:
    calls = Calls()
    group = GroupCommit(calls.double)
    cancelled, other = (asyncio.create_task(group.submit(number)) for number in (2, 4))
    await calls.asked.wait()
    cancelled.cancel()
    calls.may_answer.set()
    assert await other == 8
    with pytest.raises(asyncio.CancelledError):
        await cancelled


async def test_many_requests_are_split_into_several_calls() -> None:
    calls = Calls()
    calls.may_answer.set()
    group = GroupCommit(calls.double)
    numbers = range(2, 4 * MAX_BATCH, 2)
    assert await asyncio.gather(*map(group.submit, numbers)) == [2 * number for number in numbers]
    assert max(map(len, calls.batches)) == MAX_BATCH


async def test_a_request_without_an_answer_in_time_fails_and_its_batch_goes_on() -> None:
    may_answer, answered = asyncio.Event(), []

    async def answer(asks: Sequence[int]) -> Sequence[int]:
        await may_answer.wait()
        answered.extend(asks)
        return asks

    too_late = OSError("too late")
    group: GroupCommit[int, int] = GroupCommit(answer, max_wait=0, max_seconds=0.5, too_late=lambda: too_late)
    results = await asyncio.gather(*(group.submit(one) for one in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["too late"] * 3
    late = asyncio.create_task(group.submit(9))
    may_answer.set()
    assert await late == 9
    assert answered == [0, 1, 2, 9]
    group.close()
