"""Finding people at the least cost: from memory, by the cheap call, by the dear one."""

from datetime import UTC, timedelta

import pytest

from shared.database.engine import Database
from tests.support.fakes import ANNA, OTHER, World
from tests.support.rows import NOW, add_account
from worker.domain.outreach_policy import Limits
from worker.domain.telegram_port import (
    CannotWriteError,
    PeerNotFoundError,
    SlotUnavailableError,
    TelegramUnavailableError,
)
from worker.outreach.peer_cache import KNOWN_FOR
from worker.outreach.peer_finder import PeerFinder
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue.leases import WorkerId

PHONE = "+79161234501"
NOBODY = PeerNotFoundError("nobody")
LIMITS = Limits(timedelta(), 30, timedelta(), resolves=2, imports=1)


class Time:
    """A clock that stands still until it is set."""

    now = NOW


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def finder(kept_database: Database, me: WorkerId, world: World, time: Time) -> PeerFinder:
    return PeerFinder(world, OutreachRateLimiter(kept_database, me, LIMITS, lambda: time.now, UTC))


def asked(world: World) -> list[str]:
    """The calls since the last look."""
    calls, world.asked = [call[0] for call in world.asked], []
    return calls


async def test_a_known_username_costs_no_call(finder: PeerFinder, world: World, time: Time) -> None:
    assert await finder.by_username("Anna_K") == ANNA
    assert asked(world) == ["username", "open?"]
    assert await finder.by_username("anna_k") == ANNA
    assert asked(world) == []
    time.now = NOW + KNOWN_FOR
    assert await finder.by_username("anna_k") == ANNA
    assert asked(world) == ["username", "open?"]


async def test_a_known_phone_costs_no_call(finder: PeerFinder, world: World) -> None:
    assert await finder.by_phone(PHONE, "Анна") == OTHER
    assert asked(world) == ["phone", "open?"]
    assert await finder.by_phone(PHONE, "Анна") == OTHER
    assert asked(world) == []


async def test_what_one_account_knows_is_not_anothers(
    kept_database: Database, finder: PeerFinder, world: World
) -> None:
    await finder.by_username("anna_k")
    other = WorkerId(await add_account(kept_database), "life1")
    assert asked(world) == ["username", "open?"]
    await PeerFinder(world, OutreachRateLimiter(kept_database, other, LIMITS, lambda: NOW, UTC)).by_username(
        "anna_k"
    )
    assert asked(world) == ["username", "open?"]


async def test_importing_comes_last(finder: PeerFinder, world: World) -> None:
    world.by_phone = NOBODY
    assert await finder.by_phone(PHONE, "Анна") == OTHER
    assert asked(world) == ["phone", "import", "open?"]
    with pytest.raises(PeerNotFoundError):
        await finder.by_phone("+79160000000", "Анна", thoroughly=False)
    assert asked(world) == ["phone"]
    # One a day, here.
    with pytest.raises(SlotUnavailableError) as later:
        await finder.by_phone("+79160000000", "Анна")
    assert later.value.wait == timedelta(days=1)
    assert asked(world) == ["phone"]


async def test_usernames_have_their_limit(finder: PeerFinder, world: World) -> None:
    for name in ("one_name", "two_names"):
        await finder.by_username(name)
    with pytest.raises(SlotUnavailableError, match=r"contacts\.resolveUsername"):
        await finder.by_username("three_names")
    assert await finder.by_phone(PHONE, "Анна") == OTHER


async def test_whoever_takes_no_first_messages_is_not_remembered(finder: PeerFinder, world: World) -> None:
    world.closed = CannotWriteError("Premium")
    for _ in range(2):
        with pytest.raises(CannotWriteError):
            await finder.by_username("anna_k")
        assert asked(world) == ["username", "open?"]


async def test_imported_contacts_are_taken_out_again(
    kept_database: Database, me: WorkerId, world: World, time: Time
) -> None:
    world.by_phone = NOBODY
    finder = PeerFinder(
        world, OutreachRateLimiter(kept_database, me, LIMITS, lambda: time.now, UTC), keep_contacts=False
    )
    world.dropping = TelegramUnavailableError("no answer")
    assert await finder.by_phone(PHONE, "Анна") == OTHER
    assert asked(world) == ["phone", "import", "drop", "open?"]
    world.dropping = None
    await finder.remove_imported_contacts()
    assert asked(world) == ["drop"]
    await finder.remove_imported_contacts()
    assert asked(world) == []
    # They are known all the same.
    assert await finder.by_phone(PHONE, "Анна") == OTHER
    assert asked(world) == []
