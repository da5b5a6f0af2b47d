"""Results are kept for their time, and read again after it; simultaneous callers share one query."""

import asyncio
from datetime import UTC, datetime, timedelta

from api.console.cache import ShortCache

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


async def test_a_result_is_read_again_after_its_time() -> None:
    times = [NOW]
    reads: list[datetime] = []
    cache = ShortCache(clock=lambda: times[-1])

    async def read() -> int:
        reads.append(times[-1])
        return len(reads)

    for passed, value in ((timedelta(0), 1), (MINUTE / 2, 1), (MINUTE, 2), (MINUTE * 3 / 2, 2)):
        times.append(NOW + passed)
        assert (await cache.get("figures", MINUTE, read)).value == value
    cache.forget("figures")
    assert (await cache.get("figures", MINUTE, read)).value == 3
    assert reads == [NOW, NOW + MINUTE, NOW + MINUTE * 3 / 2]


async def test_those_who_wait_share_a_failure_and_the_next_one_asks_again() -> None:
    cache, reads = ShortCache(), [0]
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def read() -> int:
        reads[0] += 1
        has_begun.set()
        await may_end.wait()
        if reads[0] == 1:
            raise ConnectionError
        return reads[0]

    callers = [asyncio.create_task(cache.get("figures", MINUTE, read)) for _ in range(3)]
    await has_begun.wait()
    # One has closed their page: the others still wait for the query.
    callers[0].cancel()
    may_end.set()
    found = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(each) for each in found] == [asyncio.CancelledError, ConnectionError, ConnectionError]
    assert reads == [1]
    assert (await cache.get("figures", MINUTE, read)).value == 2


async def test_a_query_that_runs_during_a_change_is_not_kept() -> None:
    cache, values = ShortCache(), [1]
    has_read, may_end = asyncio.Event(), asyncio.Event()

    async def read() -> int:
        value = values[0]
        has_read.set()
        await may_end.wait()
        return value

    early = asyncio.create_task(cache.get("figures", MINUTE, read))
    await has_read.wait()
    values[0] = 2
    cache.forget("figures")
    may_end.set()
    assert (await early).value == 1
    assert (await cache.get("figures", MINUTE, read)).value == 2
