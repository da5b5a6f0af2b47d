"""find_contact: the username first, then the phone, and the reason if both fail."""

from datetime import timedelta
from typing import Any

import pytest

from shared.database.models import Lead, Message
from shared.statuses import LeadStatus
from tests.support.fakes import ANNA, OTHER, People
from worker.dispatch.steps.find_contact import find_contact
from worker.domain.conversation import Conversation
from worker.domain.outcomes import FallBackToPhone, FallBackToUsername, GiveUp, Outcome, PeerFound
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


async def test_a_person_is_found_by_username() -> None:
    world = People()
    assert await find(world, username="anna", phone_e164=PHONE) == PeerFound(ANNA, "username")
    assert world.asked == [("username", "anna")]


async def test_without_a_username_the_phone_is_used() -> None:
    world = People()
    assert await find(world, phone_e164=PHONE) == PeerFound(OTHER, "phone")
    assert world.asked == [("phone", PHONE, "Анна", "thoroughly")]


async def test_an_unknown_username_falls_back_to_the_phone() -> None:
    world = People(username=NOBODY)
    assert await find(world, username="anna", phone_e164=PHONE) == FallBackToPhone(str(NOBODY))


async def test_after_the_fallback_the_phone_is_used() -> None:
    world = People()
    outcome = await find(world, username="anna", username_error=str(NOBODY), phone_e164=PHONE)
    assert outcome == PeerFound(OTHER, "phone")
    assert world.asked == [("phone", PHONE, "Анна", "thoroughly")]


async def test_an_unknown_username_without_a_phone_is_unreachable() -> None:
    outcome = await find(People(username=NOBODY), username="anna")
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, f"{NOBODY}; no phone was given")


async def test_an_unknown_phone_without_a_username_is_unreachable() -> None:
    outcome = await find(People(phone=NO_PHONE), phone_e164=PHONE)
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, str(NO_PHONE))


async def test_if_username_and_phone_fail_both_reasons_are_kept() -> None:
    world = People(phone=NO_PHONE)
    outcome = await find(world, username="anna", username_error=str(NOBODY), phone_e164=PHONE)
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, f"{NOBODY}; {NO_PHONE}")


async def test_a_phone_of_the_same_unreachable_person_is_not_used() -> None:
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
async def test_a_lead_without_contacts_is_unreachable(fields: dict[str, str], reason: str) -> None:
    world = People()
    assert await find(world, **fields) == GiveUp(LeadStatus.UNREACHABLE, reason)
    assert world.asked == []


CLOSED = CannotWriteError("only Telegram Premium accounts may write to them")


async def test_a_username_that_takes_no_first_messages_falls_back_to_the_phone() -> None:
    outcome = await find(People(username=CLOSED), username="anna", phone_e164=PHONE)
    assert outcome == FallBackToPhone(f"@anna: {CLOSED}")


async def test_a_contact_that_takes_no_first_messages_is_unreachable() -> None:
    assert await find(People(phone=CLOSED), phone_e164=PHONE) == GiveUp(LeadStatus.UNREACHABLE, str(CLOSED))


LONG = [RateLimitedError(timedelta(hours=15)), SlotUnavailableError(timedelta(hours=2), "enough for today")]


@pytest.mark.parametrize("later", LONG)
async def test_the_phone_is_tried_during_a_long_wait_for_usernames(later: Exception) -> None:
    people = People(username=later)
    assert await find(people, username="anna", phone_e164=PHONE) == PeerFound(OTHER, "phone")
    # The costly import of a contact is reserved for leads without another way.
    assert people.asked == [("username", "anna"), ("phone", PHONE, "Анна")]


@pytest.mark.parametrize("nobody", [NO_PHONE, CLOSED])
async def test_if_the_phone_fails_meanwhile_the_username_is_waited_for(nobody: Exception) -> None:
    with pytest.raises(RateLimitedError):
        await find(People(username=LONG[0], phone=nobody), username="anna", phone_e164=PHONE)


async def test_a_short_wait_for_usernames_does_not_try_the_phone() -> None:
    people = People(username=SlotUnavailableError(timedelta(seconds=3), "one after the other"))
    with pytest.raises(SlotUnavailableError):
        await find(people, username="anna", phone_e164=PHONE)
    assert people.asked == [("username", "anna")]


@pytest.mark.parametrize("error", [RateLimitedError(timedelta(hours=15)), TelegramUnavailableError("x")])
async def test_other_errors_are_raised(error: Exception) -> None:
    with pytest.raises(type(error)):
        await find(People(username=error), username="anna")
    with pytest.raises(type(error)):
        await find(People(phone=error), phone_e164=PHONE)


WEAK = {"strength": "weak", "field": "Контакт", "reason": "a field for any contact"}
WEAK_USERNAME = {"username": "anna", "phone_e164": PHONE, "contact_evidence": {"username": WEAK}}
BY_PHONE = [("phone", PHONE, "Анна", "thoroughly")]


async def test_a_phone_is_looked_up_before_a_weak_username() -> None:
    world = People()
    assert await find(world, **WEAK_USERNAME) == PeerFound(OTHER, "phone")
    assert world.asked == BY_PHONE


@pytest.mark.parametrize("error", [NO_PHONE, CLOSED])
async def test_a_phone_that_fails_falls_back_to_the_weak_username(error: Exception) -> None:
    world = People(phone=error)
    assert await find(world, **WEAK_USERNAME) == FallBackToUsername(str(error))
    assert world.asked == BY_PHONE


async def test_after_the_phone_the_weak_username_is_used() -> None:
    world = People()
    outcome = await find(world, **WEAK_USERNAME, phone_error=str(NO_PHONE))
    assert outcome == PeerFound(ANNA, "username")
    assert world.asked == [("username", "anna")]


@pytest.mark.parametrize("error", [NOBODY, CLOSED])
async def test_if_the_phone_and_the_weak_username_fail_nothing_is_tried_again(error: Exception) -> None:
    world = People(username=error)
    outcome = await find(world, **WEAK_USERNAME, phone_error=str(NO_PHONE))
    assert isinstance(outcome, GiveUp)
    assert outcome.reason.startswith(f"{NO_PHONE}; @anna: ")
    assert world.asked == [("username", "anna")]
    spent = {"phone_error": str(NO_PHONE), "username_error": str(NOBODY)}
    world = People()
    outcome = await find(world, **WEAK_USERNAME, **spent)
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, f"{NOBODY}; {NO_PHONE}")
    assert world.asked == []


async def test_a_weak_username_of_the_same_unreachable_person_is_not_used() -> None:
    closed = {"phone_error": "закрыто", "telegram_user_id": ANNA.user_id}
    outcome = await find(People(), **WEAK_USERNAME, **closed, resolved_via="phone")
    assert outcome == GiveUp(LeadStatus.UNREACHABLE, "закрыто; the username is the same person's")
    # The person is known from an attempt before the retry, in which the phone was nobody's.
    outcome = await find(People(), **WEAK_USERNAME, **closed, resolved_via="username")
    assert outcome == PeerFound(ANNA, "username")


async def test_a_weak_username_without_a_phone_is_looked_up() -> None:
    world = People()
    evidence = {"username": WEAK}
    assert await find(world, username="anna", contact_evidence=evidence) == PeerFound(ANNA, "username")
    outcome = await find(world, username="anna", phone="12", contact_evidence=evidence)
    assert outcome == PeerFound(ANNA, "username")


@pytest.mark.parametrize("delay", LONG)
async def test_a_phone_is_waited_for_before_a_weak_username(delay: Exception) -> None:
    world = People(phone=delay)
    with pytest.raises(type(delay)):
        await find(world, **WEAK_USERNAME)
    assert world.asked == BY_PHONE


@pytest.mark.parametrize("delay", LONG)
async def test_a_weak_phone_does_not_replace_a_username_that_must_wait(delay: Exception) -> None:
    world = People(username=delay)
    with pytest.raises(type(delay)):
        await find(world, username="anna", phone_e164=PHONE, contact_evidence={"phone": WEAK})
    assert world.asked == [("username", "anna")]


async def test_a_strong_username_comes_before_a_weak_phone() -> None:
    world = People(username=NOBODY)
    fields = {"username": "anna", "phone_e164": PHONE, "contact_evidence": {"phone": WEAK}}
    assert await find(world, **fields) == FallBackToPhone(str(NOBODY))
    assert await find(world, **fields, username_error=str(NOBODY)) == PeerFound(OTHER, "phone")


async def test_after_a_retry_the_conversation_stays_with_the_person_who_was_greeted() -> None:
    greeting = Message(lead_id=1, direction="out", kind="greeting", state="sent", text="Вы оставляли заявку?")
    lead = Lead(id=1, name="Анна", source="api", extra={}, resolved_via="username", **WEAK_USERNAME)
    world = People()
    assert await find_contact(Conversation(lead, [greeting]), world) == PeerFound(ANNA, "username")
    assert world.asked == [("username", "anna")]
    lead.username_error = str(NOBODY)
    assert await find_contact(Conversation(lead, [greeting]), world) == PeerFound(OTHER, "phone")
