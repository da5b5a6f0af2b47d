"""Rate limits: they hold over any number of processes, and do not lock out legitimate clients."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import anyio
import httpx2
import pytest

from api.security.rate_limiter import RateLimiter
from api.security.throttling import BAD_TOKENS_PER_MINUTE
from shared.database.drivers.connections import open_database
from shared.database.engine import Database
from shared.database.faults.driver_errors import DatabaseUnavailableError
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.support.tilda_bodies import PHONE

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEAD = {"name": "Анна", "phone": PHONE}
RIGHT = {"Authorization": "Bearer right"}
WRONG = {"Authorization": "Bearer wrong"}


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """Return the time."""
        return self.now


@pytest.mark.parametrize("limit", [1, 7, 40])
async def test_processes_together_admit_no_more_than_the_limit(database: Database, limit: int) -> None:
    clock = Clock()
    processes = [RateLimiter(database, clock) for _ in range(3)]
    clock.now += timedelta(seconds=20)
    waits: list[int] = []

    async def one(process: RateLimiter) -> None:
        waits.append(await process.acquire("k", limit))

    async with anyio.create_task_group() as group:
        # Each process gets more requests than the limit.
        for number in range(3 * (limit + 2)):
            group.start_soon(one, processes[number % 3])
    assert Counter(waits) == {0: limit, 40: 2 * limit + 6}
    assert await processes[0].acquire("other", limit) == 0
    clock.now = NOON + timedelta(seconds=60)
    assert await processes[0].acquire("k", limit) == 0


async def test_a_portion_is_one_statement(database: Database) -> None:
    limiter = RateLimiter(database, Clock())
    for _ in range(30):
        assert await limiter.acquire("k", 600) == 0
    assert await rows(database, "SELECT used FROM rate_limits") == [{"used": 30}]
    await limiter.acquire("k", 600)
    assert await rows(database, "SELECT used FROM rate_limits") == [{"used": 60}]


async def test_a_slow_clock_counts_in_the_newer_minute(database: Database) -> None:
    correct, slow = Clock(), Clock()
    slow.now -= timedelta(seconds=1)
    assert await RateLimiter(database, correct).acquire("k", 1) == 0
    assert await RateLimiter(database, slow).acquire("k", 1) > 0


async def test_without_a_database_all_requests_fail_at_once() -> None:
    database = open_database("postgresql://u:p@127.0.0.1:1/x")
    limiter = RateLimiter(database, Clock())
    waits = (limiter.acquire("k", 10) for _ in range(20))
    results = await asyncio.gather(*waits, return_exceptions=True)
    assert {type(error) for error in results} == {DatabaseUnavailableError}
    await database.close()


async def test_old_counts_are_deleted(lite_database: Database) -> None:
    clock = Clock()
    limiter = RateLimiter(lite_database, clock)
    for key in ("guess:a", "b"):
        await limiter.acquire(key, 5)
    clock.now += timedelta(minutes=10)
    await limiter.prune()
    assert [row["key"] for row in await rows(lite_database, "SELECT key FROM rate_limits")] == ["b"]
    assert await limiter.has_succeeded_before("b")
    clock.now += timedelta(days=31)
    await limiter.prune()
    assert not await limiter.has_succeeded_before("b")


@pytest.fixture
async def strict(sqlite_url: str) -> AsyncIterator[tuple[httpx2.AsyncClient, httpx2.AsyncClient]]:
    """Clients of two applications on one database, behind a proxy, with a limit of three per minute."""
    settings = {
        "rate_limit_per_minute": 3,
        "api_token": "right",
        "tilda_token": "right",
        "trusted_proxies": "127.0.0.1",
    }
    async with running(sqlite_url, **settings) as one, running(sqlite_url, **settings) as other:
        yield one, other


def _of_address(address: str, **headers: str) -> dict[str, str]:
    return {"X-Forwarded-For": f"9.9.9.9, {address}", **headers}


async def test_both_endpoints_are_limited_over_all_processes(
    strict: tuple[httpx2.AsyncClient, httpx2.AsyncClient], lite_database: Database
) -> None:
    for path, kind in (("/leads", "json"), (WEBHOOK, "data")):
        headers, answers = _of_address("1.1.1.1", **RIGHT), []
        for n in range(4):
            body = LEAD | {"n": str(n)}
            answers.append(await strict[n % 2].post(path, **{kind: body}, headers=headers))
        assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
        seconds = int(answers[3].headers["retry-after"])
        assert 1 <= seconds <= 60
        detail = "too many submissions, RATE_LIMIT_PER_MINUTE is 3: try again in "
        assert answers[3].json() == {"detail": f"{detail}{seconds} s"}
        other = await strict[0].post(path, **{kind: LEAD}, headers=_of_address("2.2.2.2", **RIGHT))
        assert other.status_code == 201
    assert len(await rows(lite_database, "SELECT id FROM leads")) == 8
    assert len(await deliveries(lite_database)) == 4
    # Reading is not limited.
    for _ in range(5):
        assert (await strict[0].get("/leads", headers=_of_address("1.1.1.1", **RIGHT))).is_success


async def test_guessing_is_limited_even_if_a_guess_is_correct(
    strict: tuple[httpx2.AsyncClient, httpx2.AsyncClient], caplog: pytest.LogCaptureFixture
) -> None:
    client, other = strict
    bad = _of_address("3.3.3.3", **WRONG)
    for n in range(BAD_TOKENS_PER_MINUTE):
        path, method = (("/leads", "GET"), (WEBHOOK, "POST"))[n % 2]
        assert (await strict[n % 2].request(method, path, headers=bad)).status_code == 401
    for process in strict:
        answer = await process.get("/leads", headers=bad)
        assert (answer.status_code, answer.json()["detail"][:23]) == (429, "too many wrong tokens: ")
        assert int(answer.headers["retry-after"]) >= 1
    for path in ("/leads", WEBHOOK):
        answer = await client.post(path, json=LEAD, headers=_of_address("3.3.3.3", **RIGHT))
        assert answer.status_code == 429
        # Wrong tokens from another address have no effect.
        answer = await other.post(path, json=LEAD, headers=_of_address("4.4.4.4", **RIGHT))
        assert answer.status_code == 201
    log = [record.getMessage() for record in caplog.records if record.name == "api.security.throttling"]
    assert len(log) == BAD_TOKENS_PER_MINUTE
    assert log[0] == "GET /leads: no valid token, from 3.3.3.3"


async def test_a_guesser_behind_the_same_proxy_locks_out_no_form(
    strict: tuple[httpx2.AsyncClient, httpx2.AsyncClient],
) -> None:
    client, _ = strict
    good, bad = _of_address("5.5.5.5", **RIGHT), _of_address("5.5.5.5", **WRONG)
    assert (await client.post(WEBHOOK, data={"Phone": PHONE}, headers=good)).status_code == 201
    for _ in range(BAD_TOKENS_PER_MINUTE):
        await client.post(WEBHOOK, headers=bad)
    assert (await client.post(WEBHOOK, headers=bad)).status_code == 429
    assert (await client.post(WEBHOOK, data={"Phone": PHONE, "n": "2"}, headers=good)).status_code == 201
    # This token has not succeeded in the other scope before.
    assert (await client.post("/leads", json=LEAD, headers=good)).status_code == 429


async def test_a_limit_of_0_is_no_limit(lite_database: Database, sqlite_url: str) -> None:
    async with running(sqlite_url, rate_limit_per_minute=0) as client:
        for n in range(5):
            assert (await client.post("/leads", json=LEAD | {"n": n})).status_code == 201
    assert await rows(lite_database, "SELECT key FROM rate_limits") == []


async def test_a_minute_that_a_wrong_clock_stored_binds_nobody(database: Database) -> None:
    clock = Clock()
    clock.now += timedelta(days=1)
    ahead = RateLimiter(database, clock)
    assert [await ahead.acquire("k", 2) for _ in range(3)][:2] == [0, 0]
    clock.now = NOON
    right = RateLimiter(database, clock)
    waits = [await right.acquire("k", 2) for _ in range(3)]
    assert (waits[:2], waits[2] > 0) == ([0, 0], True)
