"""When the owner is told that the second provider of the model answers."""

from datetime import datetime, timedelta

from shared.database.engine import Database
from tests.support.rows import NOW
from worker.domain.config.model_servers import ServerState
from worker.monitoring import model_servers
from worker.notifications import notices, provider_notices

MINUTE = timedelta(minutes=1)


async def told(database: Database, now: datetime) -> list[str]:
    """Look for a notice and add it; returns its texts."""
    async with database.writing() as session:
        found = await provider_notices.find(session, "en", now=now)
        for key, text in found.items():
            await notices.add(session, key, text, now=now)
        return list(found.values())


async def first(database: Database, out_since: datetime | None, *, with_second: bool = True) -> None:
    """Store whether the first provider answers."""
    out = out_since is not None
    states = [
        ServerState(
            "a", "one", "first", out_since=out_since, out_reason="503" if out else None, in_use=not out
        )
    ]
    if with_second:
        states.append(ServerState("b", "two", "second", in_use=out))
    async with database.writing() as session:
        await model_servers.save(session, states, now=NOW)


async def test_an_outage_is_told_once_and_its_end_once(database: Database) -> None:
    await first(database, None)
    assert await told(database, NOW) == []
    await first(database, NOW)
    assert await told(database, NOW + timedelta(seconds=10)) == []
    assert await told(database, NOW + MINUTE) == [
        "The second model, two (b), answers. The first, one (a), is out: 503."
    ]
    assert await told(database, NOW + 2 * MINUTE) == []
    await first(database, None)
    assert await told(database, NOW + 3 * MINUTE) == [
        "The first model, one (a), answers again. The second, two (b), is no longer used."
    ]
    assert await told(database, NOW + 4 * MINUTE) == []


async def test_a_provider_that_fails_again_and_again_is_told_once_an_hour(database: Database) -> None:
    lines = []
    for minute in range(0, 100, 4):
        now = NOW + minute * MINUTE
        await first(database, now)
        lines += await told(database, now + MINUTE)
        await first(database, None)
        lines += await told(database, now + 2 * MINUTE)
    assert len(lines) == 4
    # A long outage is told also within the hour.
    now = NOW + 101 * MINUTE
    await first(database, now)
    assert await told(database, now + 5 * MINUTE) == []
    assert len(await told(database, now + 11 * MINUTE)) == 1


async def test_without_a_second_provider_there_is_no_such_notice(database: Database) -> None:
    await first(database, NOW, with_second=False)
    assert await told(database, NOW + 30 * MINUTE) == []
