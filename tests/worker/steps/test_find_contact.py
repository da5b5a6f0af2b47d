"""Finding the person: username first, then the phone, and the reason when neither leads anywhere."""

from datetime import timedelta
from typing import Any

import pytest

from shared.models import Lead
from shared.status import LeadStatus
from tests.worker.fakes import ANNA, OTHER, World
from worker.outcomes import DropUsername, Found, GiveUp, Outcome
from worker.ports import NobodyThereError, RateLimitedError, TelegramUnavailableError
from worker.steps.find_contact import find_contact
from worker.work import Work

PHONE = "+79161234501"
NOBODY = NobodyThereError("@anna: nobody has this username")
NO_PHONE = NobodyThereError("+7…01: no Telegram account can be found by this phone")


async def find(world: World, **fields: Any) -> Outcome:  # noqa: ANN401
    usual: dict[str, Any] = {"id": 1, "name": "Анна", "source": "api", "extra": {}}
    lead = Lead(**usual | fields)
    return await find_contact(Work(lead, []), world)


async def test_by_username() -> None:
    world = World()
    assert await find(world, username="anna", phone_e164=PHONE) == Found(ANNA, "username")
    assert world.asked == [("username", "anna")]


async def test_by_phone_if_there_is_no_username() -> None:
    world = World()
    assert await find(world, phone_e164=PHONE) == Found(OTHER, "phone")
    assert world.asked == [("phone", PHONE, "Анна")]


async def test_a_username_that_leads_nowhere_leaves_the_phone() -> None:
    world = World(by_username=NOBODY)
    assert await find(world, username="anna", phone_e164=PHONE) == DropUsername(str(NOBODY))


async def test_then_the_phone_is_tried() -> None:
    world = World()
    outcome = await find(world, username="anna", username_error=str(NOBODY), phone_e164=PHONE)
    assert outcome == Found(OTHER, "phone")
    assert world.asked == [("phone", PHONE, "Анна")]


async def test_a_username_alone_that_leads_nowhere() -> None:
    outcome = await find(World(by_username=NOBODY), username="anna")
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, f"{NOBODY}; no phone was given")


async def test_a_phone_alone_that_leads_nowhere() -> None:
    outcome = await find(World(by_phone=NO_PHONE), phone_e164=PHONE)
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, str(NO_PHONE))


async def test_neither_leads_anywhere_and_both_reasons_are_kept() -> None:
    world = World(by_phone=NO_PHONE)
    outcome = await find(world, username="anna", username_error=str(NOBODY), phone_e164=PHONE)
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, f"{NOBODY}; {NO_PHONE}")


async def test_the_phone_of_whoever_could_not_be_written_to_is_no_way() -> None:
    world = World(by_phone=ANNA)
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
    world = World()
    assert await find(world, **fields) == GiveUp(LeadStatus.UNREACHABLE, reason)
    assert world.asked == []


@pytest.mark.parametrize("error", [RateLimitedError(timedelta(hours=15)), TelegramUnavailableError("x")])
async def test_other_troubles_are_not_the_leads(error: Exception) -> None:
    with pytest.raises(type(error)):
        await find(World(by_username=error), username="anna", phone_e164=PHONE)
    with pytest.raises(type(error)):
        await find(World(by_phone=error), phone_e164=PHONE)
