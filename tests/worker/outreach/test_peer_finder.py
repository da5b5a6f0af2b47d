"""Finding contacts at the least cost: from the peer cache, by a look-up, or by an import."""

from datetime import UTC, timedelta

import pytest

from shared.database.engine import Database
from tests.support.fakes import ANNA, OTHER, World
from tests.support.rows import NOW, add_account
from worker.domain.sending_limits import Limits
from worker.domain.telegram_port import (
    CannotWriteError,
    PeerNotFoundError,
    RateLimitedError,
    Sender,
    SlotUnavailableError,
    TelegramUnavailableError,
)
from worker.outreach.lookup_confirmation_cache import CONFIRMED_FOR
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


async def test_a_known_username_needs_no_look_up_for_a_day(
    finder: PeerFinder, world: World, time: Time
) -> None:
    assert await finder.find_by_username("Anna_K") == ANNA
    assert calls_of(world) == ["username", "open?"]
    world.profiles[ANNA.user_id] = Sender(ANNA.user_id, ANNA.access_hash, ("anna", "ANNA_K"))
    assert await finder.find_by_username("anna_k") == ANNA
    assert calls_of(world) == ["profile"]
    time.now = NOW + MAX_AGE
    assert await finder.find_by_username("anna_k") == ANNA
    assert calls_of(world) == ["username", "open?"]


async def test_a_known_phone_needs_no_look_up_if_telegram_shows_it(finder: PeerFinder, world: World) -> None:
    assert await finder.find_by_phone(PHONE, "Анна") == OTHER
    assert calls_of(world) == ["phone", "open?"]
    world.profiles[OTHER.user_id] = Sender(OTHER.user_id, OTHER.access_hash, phone=PHONE[1:])
    assert await finder.find_by_phone(PHONE, "Анна") == OTHER
    assert calls_of(world) == ["profile"]


@pytest.mark.parametrize("phone", [None, "79169999999"], ids=["hidden", "another"])
async def test_a_known_phone_that_is_not_shown_is_looked_up(
    finder: PeerFinder, world: World, phone: str | None
) -> None:
    assert await finder.find_by_phone(PHONE, "Анна") == OTHER
    calls_of(world)
    world.profiles[OTHER.user_id] = Sender(OTHER.user_id, OTHER.access_hash, phone=phone)
    world.by_phone = ANNA
    assert await finder.find_by_phone(PHONE, "Анна") == ANNA
    assert calls_of(world) == ["profile", "phone", "open?"]


async def test_a_known_username_that_moved_is_looked_up(finder: PeerFinder, world: World) -> None:
    assert await finder.find_by_username("anna_k") == ANNA
    calls_of(world)
    world.profiles[ANNA.user_id] = Sender(ANNA.user_id, ANNA.access_hash, ("anna_new",))
    world.by_username = OTHER
    assert await finder.find_by_username("anna_k") == OTHER
    assert calls_of(world) == ["profile", "username", "open?"]


async def test_a_forgotten_person_is_looked_up(finder: PeerFinder, world: World) -> None:
    await finder.find_by_username("anna_k")
    await finder.forget(ANNA.user_id)
    calls_of(world)
    world.by_username = OTHER
    assert await finder.find_by_username("anna_k") == OTHER
    assert calls_of(world) == ["username", "open?"]


async def test_a_username_is_checked_before_a_first_message(
    finder: PeerFinder, world: World, time: Time
) -> None:
    await finder.find_by_username("anna_k")
    calls_of(world)
    assert await finder.check_username(ANNA, "Anna_K") is None
    assert calls_of(world) == [], "it was found just now"
    time.now = NOW + CONFIRMED_FOR
    world.profiles[ANNA.user_id] = Sender(ANNA.user_id, ANNA.access_hash, ("anna_k",))
    assert await finder.check_username(ANNA, "anna_k") is None
    time.now += CONFIRMED_FOR
    world.profiles[ANNA.user_id] = Sender(ANNA.user_id, ANNA.access_hash, ("another",))
    world.by_username = OTHER
    assert "no longer belongs" in str(await finder.check_username(ANNA, "anna_k"))
    assert calls_of(world) == ["profile", "profile", "username"]


async def test_a_username_that_telegram_does_not_show_is_looked_up_before_a_first_message(
    finder: PeerFinder, world: World
) -> None:
    assert await finder.check_username(ANNA, "anna_k") is None
    assert calls_of(world) == ["profile", "username"]
    world.by_username = NOT_FOUND
    assert await finder.check_username(OTHER, "anna_k") is not None


async def test_a_phone_is_checked_before_a_first_message(
    finder: PeerFinder, world: World, time: Time
) -> None:
    await finder.find_by_phone(PHONE, "Анна")
    time.now = NOW + CONFIRMED_FOR
    assert await finder.check_phone(OTHER, PHONE, "Анна") is None
    time.now += CONFIRMED_FOR
    world.by_phone = ANNA
    reason = await finder.check_phone(OTHER, PHONE, "Анна")
    assert reason is not None
    assert "no longer belongs" in reason
    assert PHONE not in reason
    world.by_phone = world.by_import = NOT_FOUND
    assert await finder.check_phone(OTHER, PHONE, "Анна") is not None


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


async def test_a_check_that_failed_is_made_again(finder: PeerFinder, world: World) -> None:
    world.closed = TelegramUnavailableError("500")
    with pytest.raises(TelegramUnavailableError):
        await finder.find_by_username("anna_k")
    world.profiles[ANNA.user_id] = Sender(ANNA.user_id, ANNA.access_hash, ("anna_k",))
    calls_of(world)
    # The second failure delays nobody, and the check is still made the next time.
    assert await finder.find_by_username("anna_k") == ANNA
    assert calls_of(world) == ["profile", "open?"]
    world.closed = CannotWriteError("only Premium")
    with pytest.raises(CannotWriteError):
        await finder.find_by_username("anna_k")
    assert calls_of(world) == ["profile", "open?"]


async def test_a_check_under_a_flood_wait_delays_nobody(finder: PeerFinder, world: World) -> None:
    world.closed = RateLimitedError(timedelta(hours=18))
    assert await finder.find_by_username("anna_k") == ANNA
