"""Finding the person: username first, then the phone, and the reason when neither leads anywhere."""

from datetime import timedelta
from typing import Any

import pytest

from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.support.fakes import ANNA, OTHER, People
from worker.dispatch.steps.find_contact import find_contact
from worker.domain.conversation import Conversation
from worker.domain.outcomes import FallBackToPhone, GiveUp, Outcome, PeerFound
from worker.domain.telegram_port import (
    CannotWriteError,
    PeerNotFoundError,
    RateLimitedError,
    SlotUnavailableError,
    TelegramUnavailableError,
)

PHONE = "+79161234501"
NOBODY = PeerNotFoundError("@anna: nobody has this username")
NO_PHONE = PeerNotFoundError("+7…01: no Telegram account can be found by this phone")


async def find(world: People, **fields: Any) -> Outcome:  # noqa: ANN401
    usual: dict[str, Any] = {"id": 1, "name": "Анна", "source": "api", "extra": {}}
    lead = Lead(**usual | fields)
    return await find_contact(Conversation(lead, []), world)


async def test_by_username() -> None:
    world = People()
    assert await find(world, username="anna", phone_e164=PHONE) == PeerFound(ANNA, "username")
    assert world.asked == [("username", "anna")]


async def test_by_phone_if_there_is_no_username() -> None:
    world = People()
    assert await find(world, phone_e164=PHONE) == PeerFound(OTHER, "phone")
    assert world.asked == [("phone", PHONE, "Анна", "thoroughly")]


async def test_a_username_that_leads_nowhere_leaves_the_phone() -> None:
    world = People(username=NOBODY)
    assert await find(world, username="anna", phone_e164=PHONE) == FallBackToPhone(str(NOBODY))


async def test_then_the_phone_is_tried() -> None:
    world = People()
    outcome = await find(world, username="anna", username_error=str(NOBODY), phone_e164=PHONE)
    assert outcome == PeerFound(OTHER, "phone")
    assert world.asked == [("phone", PHONE, "Анна", "thoroughly")]


async def test_a_username_alone_that_leads_nowhere() -> None:
    outcome = await find(People(username=NOBODY), username="anna")
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, f"{NOBODY}; no phone was given")


async def test_a_phone_alone_that_leads_nowhere() -> None:
    outcome = await find(People(phone=NO_PHONE), phone_e164=PHONE)
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, str(NO_PHONE))


async def test_neither_leads_anywhere_and_both_reasons_are_kept() -> None:
    world = People(phone=NO_PHONE)
    outcome = await find(world, username="anna", username_error=str(NOBODY), phone_e164=PHONE)
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, f"{NOBODY}; {NO_PHONE}")


async def test_the_phone_of_whoever_could_not_be_written_to_is_no_way() -> None:
    world = People(phone=ANNA)
    outcome = await find(
        world, username="anna", username_error="закрыто", phone_e164=PHONE, telegram_user_id=ANNA.user_id
    )
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, "закрыто; the phone is the same person's")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"phone": "12"}, "neither a username nor a phone to dial"),
        ({"username": "anna", "username_error": "закрыто"}, "закрыто"),
    ],
)
async def test_nothing_to_look_for(fields: dict[str, str], reason: str) -> None:
    world = People()
    assert await find(world, **fields) == GiveUp(LeadStatus.UNREACHABLE, reason)
    assert world.asked == []


CLOSED = CannotWriteError("only Telegram Premium accounts may write to them")


async def test_whoever_takes_no_first_messages_leaves_the_phone() -> None:
    outcome = await find(People(username=CLOSED), username="anna", phone_e164=PHONE)
    assert outcome == FallBackToPhone(f"@anna: {CLOSED}")


async def test_whoever_takes_no_first_messages_at_all() -> None:
    assert await find(People(phone=CLOSED), phone_e164=PHONE) == GiveUp(LeadStatus.UNREACHABLE, str(CLOSED))


LONG = [RateLimitedError(timedelta(hours=15)), SlotUnavailableError(timedelta(hours=2), "enough for today")]


@pytest.mark.parametrize("later", LONG)
async def test_while_usernames_cannot_be_looked_up_for_long_the_phone_is_tried(later: Exception) -> None:
    people = People(username=later)
    assert await find(people, username="anna", phone_e164=PHONE) == PeerFound(OTHER, "phone")
    # The dear way is kept for those who have no other.
    assert people.asked == [("username", "anna"), ("phone", PHONE, "Анна")]


@pytest.mark.parametrize("nobody", [NO_PHONE, CLOSED])
async def test_a_phone_that_leads_nowhere_meanwhile_leaves_the_username_its_turn(nobody: Exception) -> None:
    with pytest.raises(RateLimitedError):
        await find(People(username=LONG[0], phone=nobody), username="anna", phone_e164=PHONE)


async def test_a_short_wait_is_waited_for() -> None:
    people = People(username=SlotUnavailableError(timedelta(seconds=3), "one after the other"))
    with pytest.raises(SlotUnavailableError):
        await find(people, username="anna", phone_e164=PHONE)
    assert people.asked == [("username", "anna")]


@pytest.mark.parametrize("error", [RateLimitedError(timedelta(hours=15)), TelegramUnavailableError("x")])
async def test_other_troubles_are_not_the_leads(error: Exception) -> None:
    with pytest.raises(type(error)):
        await find(People(username=error), username="anna")
    with pytest.raises(type(error)):
        await find(People(phone=error), phone_e164=PHONE)
