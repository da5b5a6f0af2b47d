"""Results are kept for their time, and read again after it."""

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
