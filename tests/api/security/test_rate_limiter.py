"""Limits that hold over any number of processes, and shut out nobody whom they need not."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import anyio
import httpx2
import pytest
from sqlalchemy.exc import OperationalError

from api.intake.connections import open_database
from api.security.rate_limiter import RateLimiter
from api.security.throttling import GUESSES_PER_MINUTE
from shared.database.engine import Database
from tests.api.conftest import WEBHOOK, deliveries, rows, running
from tests.support.tilda_bodies import PHONE

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LEAD = {"name": "Анна", "phone": PHONE}
RIGHT = {"Authorization": "Bearer right"}
WRONG = {"Authorization": "Bearer wrong"}


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        """What it shows."""
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
        # Each could use up all of it.
        for number in range(3 * (limit + 2)):
            group.start_soon(one, processes[number % 3])
    assert Counter(waits) == {0: limit, 40: 2 * limit + 6}
    assert await processes[0].acquire("other", limit) == 0
    clock.now = NOON + timedelta(seconds=60)
    assert await processes[0].acquire("k", limit) == 0


async def test_a_portion_is_one_statement(database: Database) -> None:
    limits = RateLimiter(database, Clock())
    for _ in range(30):
        assert await limits.acquire("k", 600) == 0
    assert await rows(database, "SELECT used FROM rate_limits") == [{"used": 30}]
    await limits.acquire("k", 600)
    assert await rows(database, "SELECT used FROM rate_limits") == [{"used": 60}]


async def test_a_clock_that_is_late_counts_in_the_newer_minute(database: Database) -> None:
    ahead, late = Clock(), Clock()
    late.now -= timedelta(seconds=1)
    assert await RateLimiter(database, ahead).acquire("k", 1) == 0
    assert await RateLimiter(database, late).acquire("k", 1) > 0


async def test_without_a_database_all_hear_it_at_once() -> None:
    database = open_database("postgresql://u:p@127.0.0.1:1/x")
    limits = RateLimiter(database, Clock())
    waits = (limits.acquire("k", 10) for _ in range(20))
    heard = await asyncio.gather(*waits, return_exceptions=True)
    assert {type(error) for error in heard} == {OperationalError}
    await database.close()


async def test_old_counts_are_forgotten(lite_database: Database) -> None:
    clock = Clock()
    limits = RateLimiter(lite_database, clock)
    for key in ("guess:a", "b"):
        await limits.acquire(key, 5)
    clock.now += timedelta(minutes=10)
    await limits.prune()
    assert [row["key"] for row in await rows(lite_database, "SELECT key FROM rate_limits")] == ["b"]
    assert await limits.has_succeeded_before("b")
    clock.now += timedelta(days=31)
    await limits.prune()
    assert not await limits.has_succeeded_before("b")


@pytest.fixture
async def strict(sqlite_url: str) -> AsyncIterator[tuple[httpx2.AsyncClient, httpx2.AsyncClient]]:
    """Clients of two applications on one database, behind a proxy, that take three submissions a minute."""
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


async def test_both_doors_are_limited_over_all_processes(
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
        words = "too many submissions, RATE_LIMIT_PER_MINUTE is 3: try again in "
        assert answers[3].json() == {"detail": f"{words}{seconds} s"}
        other = await strict[0].post(path, **{kind: LEAD}, headers=_of_address("2.2.2.2", **RIGHT))
        assert other.status_code == 201
    assert len(await rows(lite_database, "SELECT id FROM leads")) == 8
    assert len(await deliveries(lite_database)) == 4
    # Looking is not limited.
    for _ in range(5):
        assert (await strict[0].get("/leads", headers=_of_address("1.1.1.1", **RIGHT))).is_success


async def test_guessing_is_limited_and_the_right_guess_too(
    strict: tuple[httpx2.AsyncClient, httpx2.AsyncClient], caplog: pytest.LogCaptureFixture
) -> None:
    client, other = strict
    bad = _of_address("3.3.3.3", **WRONG)
    for n in range(GUESSES_PER_MINUTE):
        path, method = (("/leads", "GET"), (WEBHOOK, "POST"))[n % 2]
        assert (await strict[n % 2].request(method, path, headers=bad)).status_code == 401
    for process in strict:
        answer = await process.get("/leads", headers=bad)
        assert (answer.status_code, answer.json()["detail"][:23]) == (429, "too many wrong tokens: ")
        assert int(answer.headers["retry-after"]) >= 1
    for path in ("/leads", WEBHOOK):
        answer = await client.post(path, json=LEAD, headers=_of_address("3.3.3.3", **RIGHT))
        assert answer.status_code == 429
        # Somebody else's guesses are not ours.
        answer = await other.post(path, json=LEAD, headers=_of_address("4.4.4.4", **RIGHT))
        assert answer.status_code == 201
    log = [record.getMessage() for record in caplog.records if record.name == "api.security.throttling"]
    assert len(log) == GUESSES_PER_MINUTE
    assert log[0] == "GET /leads: no valid token, from 3.3.3.3"


async def test_a_guesser_behind_the_same_proxy_shuts_out_no_form(
    strict: tuple[httpx2.AsyncClient, httpx2.AsyncClient],
) -> None:
    client, _ = strict
    good, bad = _of_address("5.5.5.5", **RIGHT), _of_address("5.5.5.5", **WRONG)
    assert (await client.post(WEBHOOK, data={"Phone": PHONE}, headers=good)).status_code == 201
    for _ in range(GUESSES_PER_MINUTE):
        await client.post(WEBHOOK, headers=bad)
    assert (await client.post(WEBHOOK, headers=bad)).status_code == 429
    assert (await client.post(WEBHOOK, data={"Phone": PHONE, "n": "2"}, headers=good)).status_code == 201
    # At the other door it has never been.
    assert (await client.post("/leads", json=LEAD, headers=good)).status_code == 429


async def test_no_limit(lite_database: Database, sqlite_url: str) -> None:
    async with running(sqlite_url, rate_limit_per_minute=0) as client:
        for n in range(5):
            assert (await client.post("/leads", json=LEAD | {"n": n})).status_code == 201
    assert await rows(lite_database, "SELECT key FROM rate_limits") == []
