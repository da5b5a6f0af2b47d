"""A worker that does not know its model tests it once, in the background."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlmodel import col, select

from sandbox.fake_openai.faults import RateLimit
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.model_server_models import ModelServer
from shared.database.models import OwnerNotice
from tests.support.waiting import until_async
from tests.worker.assistant.conftest import Server
from worker.assistant.qualification.turns import load_turns
from worker.assistant.trust import BAR, Trust, prompt_version
from worker.monitoring import qualifications
from worker.runtime.qualifying import Qualifier
from worker.settings import WorkerSettings

CALLS = 20


def settings_of(server: Server, **other: Any) -> WorkerSettings:  # noqa: ANN401
    usual: dict[str, Any] = {
        "telegram_api_id": 1,
        "telegram_api_hash": "hash",
        "openai_api_key": "sk-test-0123456789",
        "openai_base_url": server.url,
        "calendly_link": "https://calendly.com/x/30min",
        "owner_chat": "me",
    }
    return WorkerSettings(**usual | other)


def name_of(server: Server, model: str) -> tuple[str, str]:
    return server.url.split("/")[2], model


@asynccontextmanager
async def running(qualifier: Qualifier) -> AsyncIterator[None]:
    task = asyncio.create_task(qualifier.run())
    try:
        yield
    finally:
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def build(server: Server, database: Database, model: str, **other: Any) -> tuple[Qualifier, Trust]:  # noqa: ANN401
    settings = settings_of(server, openai_model=model, **other)
    trust = Trust(settings.assistant_trust)
    return Qualifier(settings, trust, database, utc_now, round_seconds=0.05), trust


async def row_of(database: Database, server: Server, model: str) -> ModelServer | None:
    async with database.reading() as session:
        return await session.get(ModelServer, name_of(server, model))


async def notices_of(database: Database, model: str) -> list[OwnerNotice]:
    async with database.reading() as session:
        query = select(OwnerNotice).where(col(OwnerNotice.key).contains(f":{model}:"))
        return list(await session.exec(query))


async def test_an_unknown_model_is_tested_once(kept_database: Database, server: Server) -> None:
    qualifier, trust = build(server, kept_database, "good-7b")
    name = name_of(server, "good-7b")
    await qualifier.restore()
    assert not trust.is_trusted(name)
    async with running(qualifier):
        await until_async(lambda: trust.is_trusted(name))
    assert server.call_count == CALLS
    row = await row_of(kept_database, server, "good-7b")
    assert row is not None
    assert (row.prompt_version, row.qualifying_until) == (prompt_version(), None)
    assert row.score is not None
    assert row.score >= BAR
    assert await notices_of(kept_database, "good-7b") == []
    # The next start knows it.
    again, trusted = build(server, kept_database, "good-7b")
    await again.restore()
    assert trusted.is_trusted(name)
    async with running(again):
        await asyncio.sleep(0)
    assert server.call_count == CALLS


async def test_a_model_that_fails_stays_careful_and_the_owner_is_told_once(
    kept_database: Database, server: Server
) -> None:
    server.state.small = True
    counts = []
    try:
        for _ in range(2):
            qualifier, trust = build(server, kept_database, "bad-1b")
            await qualifier.restore()
            async with running(qualifier):
                await until_async(lambda: notices_of(kept_database, "bad-1b"))
            assert not trust.is_trusted(name_of(server, "bad-1b"))
            counts.append(server.call_count)
    finally:
        server.state.small = False
    # A text that the guardrails refuse is asked for twice.
    assert counts[1] == counts[0] <= 2 * CALLS
    [notice] = await notices_of(kept_database, "bad-1b")
    assert "bad-1b" in notice.text
    assert "осторожен" in notice.text


async def test_other_prompts_are_tested_anew(kept_database: Database, server: Server) -> None:
    host, model = name_of(server, "old-prompts")
    async with kept_database.writing() as session:
        await qualifications.save(session, host, model, version="old", score=1.0, figures={}, now=utc_now())
    qualifier, trust = build(server, kept_database, model)
    await qualifier.restore()
    assert not trust.is_trusted((host, model))
    async with running(qualifier):
        await until_async(lambda: trust.is_trusted((host, model)))
    assert server.call_count == CALLS


async def test_of_two_workers_one_tests(kept_database: Database, server: Server) -> None:
    first, trust = build(server, kept_database, "shared-7b")
    second, other = build(server, kept_database, "shared-7b")
    name = name_of(server, "shared-7b")
    async with running(first), running(second):
        await until_async(lambda: trust.is_trusted(name) and other.is_trusted(name))
    assert server.call_count == CALLS


async def test_a_model_that_cannot_be_reached_is_tested_later(
    kept_database: Database, server: Server
) -> None:
    server.state.faults.add(RateLimit(code="insufficient_quota"))
    qualifier, trust = build(server, kept_database, "poor-7b")
    async with running(qualifier):
        await until_async(lambda: trust.is_trusted(name_of(server, "poor-7b")))
    row = await row_of(kept_database, server, "poor-7b")
    assert row is not None
    assert row.score is not None


async def test_no_turn_is_asked_again_after_an_interruption(kept_database: Database, server: Server) -> None:
    # A limit of calls a minute that twenty turns exceed: the model would never be through with them.
    server.state.faults.add(RateLimit(match=load_turns()[-2].conversation[-1].text, times=2))
    qualifier, trust = build(server, kept_database, "limited-7b")
    async with running(qualifier):
        await until_async(lambda: trust.is_trusted(name_of(server, "limited-7b")))
    # The failed calls, and those that ran beside them.
    assert server.call_count <= CALLS + 4


async def test_full_and_careful_test_nothing(kept_database: Database, server: Server) -> None:
    for setting in ("full", "careful"):
        qualifier, trust = build(server, kept_database, "any-7b", assistant_trust=setting)
        async with running(qualifier):
            await asyncio.sleep(0)
        assert trust.is_trusted(name_of(server, "any-7b")) is (setting == "full")
    assert server.call_count == 0
