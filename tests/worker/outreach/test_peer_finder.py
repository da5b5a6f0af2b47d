"""Finding contacts at the least cost: from the peer cache, by a look-up, or by an import."""

from datetime import UTC, timedelta

import pytest

from shared.database.engine import Database
from tests.support.fakes import ANNA, OTHER, World
from tests.support.rows import NOW, add_account
from worker.domain.outreach_limits import Limits
from worker.domain.telegram_port import (
    CannotWriteError,
    PeerNotFoundError,
    SlotUnavailableError,
    TelegramUnavailableError,
)
from worker.outreach.peer_cache import MAX_AGE
from worker.outreach.peer_finder import PeerFinder
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue.leases import WorkerId

PHONE = "+79161234501"
NOT_FOUND = PeerNotFoundError("nobody")
LIMITS = Limits(timedelta(), 30, timedelta(), resolve_limit=2, import_limit=1)


class Time:
    """A clock that stands still until a test sets it."""

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


def calls_of(world: World) -> list[str]:
    """Return the calls since the last check."""
    calls, world.asked = [call[0] for call in world.asked], []
    return calls


async def test_a_known_username_needs_no_call(finder: PeerFinder, world: World, time: Time) -> None:
    assert await finder.find_by_username("Anna_K") == ANNA
    assert calls_of(world) == ["username", "open?"]
    assert await finder.find_by_username("anna_k") == ANNA
    assert calls_of(world) == []
    time.now = NOW + MAX_AGE
    assert await finder.find_by_username("anna_k") == ANNA
    assert calls_of(world) == ["username", "open?"]


async def test_a_known_phone_needs_no_call(finder: PeerFinder, world: World) -> None:
    assert await finder.find_by_phone(PHONE, "Анна") == OTHER
    assert calls_of(world) == ["phone", "open?"]
    assert await finder.find_by_phone(PHONE, "Анна") == OTHER
    assert calls_of(world) == []


async def test_accounts_do_not_share_their_peers(
    kept_database: Database, finder: PeerFinder, world: World
) -> None:
    await finder.find_by_username("anna_k")
    other = WorkerId(await add_account(kept_database), "life1")
    assert calls_of(world) == ["username", "open?"]
    await PeerFinder(
        world, OutreachRateLimiter(kept_database, other, LIMITS, lambda: NOW, UTC)
    ).find_by_username("anna_k")
    assert calls_of(world) == ["username", "open?"]


async def test_an_import_is_the_last_resort(finder: PeerFinder, world: World) -> None:
    world.by_phone = NOT_FOUND
    assert await finder.find_by_phone(PHONE, "Анна") == OTHER
    assert calls_of(world) == ["phone", "import", "open?"]
    with pytest.raises(PeerNotFoundError):
        await finder.find_by_phone("+79160000000", "Анна", may_import=False)
    assert calls_of(world) == ["phone"]
    # The limit of imports is one in 24 hours here.
    with pytest.raises(SlotUnavailableError) as later:
        await finder.find_by_phone("+79160000000", "Анна")
    assert later.value.wait == timedelta(days=1)
    assert calls_of(world) == ["phone"]


async def test_look_ups_by_username_have_a_limit(finder: PeerFinder, world: World) -> None:
    for name in ("one_name", "two_names"):
        await finder.find_by_username(name)
    with pytest.raises(SlotUnavailableError, match=r"contacts\.resolveUsername"):
        await finder.find_by_username("three_names")
    assert await finder.find_by_phone(PHONE, "Анна") == OTHER


async def test_a_contact_that_refuses_first_messages_is_not_cached(finder: PeerFinder, world: World) -> None:
    world.closed = CannotWriteError("Premium")
    for _ in range(2):
        with pytest.raises(CannotWriteError):
            await finder.find_by_username("anna_k")
        assert calls_of(world) == ["username", "open?"]


async def test_imported_contacts_are_removed_again(
    kept_database: Database, me: WorkerId, world: World, time: Time
) -> None:
    world.by_phone = NOT_FOUND
    finder = PeerFinder(
        world, OutreachRateLimiter(kept_database, me, LIMITS, lambda: time.now, UTC), keep_contacts=False
    )
    world.dropping = TelegramUnavailableError("no answer")
    assert await finder.find_by_phone(PHONE, "Анна") == OTHER
    assert calls_of(world) == ["phone", "import", "drop", "open?"]
    world.dropping = None
    await finder.remove_imported_contacts()
    assert calls_of(world) == ["drop"]
    await finder.remove_imported_contacts()
    assert calls_of(world) == []
    # They stay in the peer cache.
    assert await finder.find_by_phone(PHONE, "Анна") == OTHER
    assert calls_of(world) == []
