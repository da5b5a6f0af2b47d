"""The outreach rate limiter: it returns a Wait or lets a call go ahead; and the sender that obeys it."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.statuses import LeadStatus
from tests.support.fakes import World
from tests.support.rows import NOW, account_row, add_leased, add_message, messages_of
from worker.dispatch.delivery import MessageSender
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Delivered, Outcome, Undeliverable, Wait
from worker.domain.sending_limits import Limits
from worker.domain.telegram_port import (
    CannotWriteError,
    PeerFloodError,
    RateLimitedError,
    Sent,
    SlotUnavailableError,
    TelegramUnavailableError,
)
from worker.outreach.rate_limiter import YIELD_DELAY, OutreachRateLimiter
from worker.queue.leases import WorkerId

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOSCOW = ZoneInfo("Europe/Moscow")
RESOLVE = "contacts.resolveUsername"


class Time:
    """A clock that stands still until a test sets it."""

    now = NOW


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def rate_limiter(kept_database: Database, me: WorkerId, time: Time) -> OutreachRateLimiter:
    limits = Limits(30 * SECOND, 4, 3 * SECOND)
    return OutreachRateLimiter(kept_database, me, limits, lambda: time.now, MOSCOW, chance=lambda: 0)


def in_hours(rate_limiter: OutreachRateLimiter, hours: str) -> OutreachRateLimiter:
    """The rate limiter of the same account with these hours of outreach."""
    opened = Hours.parse(hours)
    return OutreachRateLimiter(
        rate_limiter.database,
        rate_limiter.me,
        rate_limiter.limits,
        rate_limiter.clock,
        rate_limiter.zone,
        opened,
    )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def sender(rate_limiter: OutreachRateLimiter, world: World, time: Time) -> MessageSender:
    return MessageSender(world, rate_limiter, lambda: time.now, 0, lambda: True)


async def greeting(database: Database, me: WorkerId, **fields: Any) -> tuple[Lead, Message]:  # noqa: ANN401
    lead = await add_leased(database, me, LeadStatus.RESOLVED, **fields)
    message = await add_message(
        database, lead, direction="out", kind="greeting", state="queued", text="Привет"
    )
    return lead, message


async def reserve(rate_limiter: OutreachRateLimiter, found: tuple[Lead, Message]) -> Wait | None:
    return await rate_limiter.reserve_first_message(*found)


async def test_a_lookup_waits_for_its_turn(rate_limiter: OutreachRateLimiter, time: Time) -> None:
    await rate_limiter.reserve_lookup(RESOLVE, 2)
    time.now = NOW + SECOND
    with pytest.raises(SlotUnavailableError, match=f"the pace of {RESOLVE}") as later:
        await rate_limiter.reserve_lookup(RESOLVE, 2)
    assert later.value.wait == 2 * SECOND
    time.now = NOW + 3 * SECOND
    await rate_limiter.reserve_lookup(RESOLVE, 2)


async def test_a_first_message_takes_one_slot(
    kept_database: Database, me: WorkerId, rate_limiter: OutreachRateLimiter, time: Time
) -> None:
    lead, message = await greeting(kept_database, me)
    assert await reserve(rate_limiter, (lead, message)) is None
    (message,) = await messages_of(kept_database, lead)
    assert message.released_at == NOW
    # A retry after a crash needs no second slot.
    assert await reserve(rate_limiter, (lead, message)) is None
    other, another = await greeting(kept_database, me)
    wait = await reserve(rate_limiter, (other, another))
    assert wait == Wait(30 * SECOND, "keeping the pace of first messages")
    assert another.released_at is None


async def test_a_cold_lead_yields_to_hot_leads(
    kept_database: Database, me: WorkerId, rate_limiter: OutreachRateLimiter, time: Time
) -> None:
    old = await greeting(kept_database, me, created_at=NOW - HOUR)
    hot = await greeting(kept_database, me)
    assert await reserve(rate_limiter, old) == Wait(YIELD_DELAY, "lets those who have just written go first")
    assert await reserve(rate_limiter, hot) is None
    assert await reserve(rate_limiter, old) == Wait(30 * SECOND, "keeping the pace of first messages")


@pytest.mark.parametrize(
    ("phone", "hours"),
    [
        # It is 15:00 in Moscow, 17:00 in Yekaterinburg, 22:00 in Vladivostok, 12:00 in London.
        ("+73432000000", None),
        ("+74232000000", 11),
        ("+442071234567", None),
        ("+12125551234", 2),
        ("+79161234501", None),
        (None, None),
    ],
)
async def test_cold_leads_wait_for_their_hours(
    kept_database: Database,
    me: WorkerId,
    rate_limiter: OutreachRateLimiter,
    phone: str | None,
    hours: int | None,
) -> None:
    strict = in_hours(rate_limiter, "09:00-20:00")
    lead = Lead(name="Анна", source="tilda", phone_e164=phone, created_at=NOW - HOUR)
    wait = strict.check_hours(lead)
    assert (wait.delay if wait else None) == (hours * HOUR if hours else None)
    assert rate_limiter.check_hours(lead) is None
    lead.created_at = NOW - 14 * MINUTE
    assert strict.check_hours(lead) is None, "it is hot"


async def test_a_released_message_does_not_wait_for_hours(
    kept_database: Database, me: WorkerId, rate_limiter: OutreachRateLimiter
) -> None:
    never = in_hours(rate_limiter, "01:00-01:01")
    lead, message = await greeting(kept_database, me, created_at=NOW - HOUR)
    assert await reserve(never, (lead, message)) is not None
    message.released_at = NOW
    assert await reserve(never, (lead, message)) is None


async def deliver(sender: MessageSender, lead: Lead, message: Message) -> Outcome:
    return await sender.deliver(Conversation(lead, [message]), message)


async def test_a_greeting_is_sent_with_its_random_id(
    kept_database: Database, me: WorkerId, sender: MessageSender, world: World
) -> None:
    lead, message = await greeting(kept_database, me)
    assert await deliver(sender, lead, message) == Delivered(message.id, 100, NOW)
    assert world.asked == [("send", str(lead.telegram_user_id), "Привет", str(message.random_id))]


async def test_answers_need_no_slot(
    kept_database: Database, me: WorkerId, sender: MessageSender, rate_limiter: OutreachRateLimiter
) -> None:
    await rate_limiter.on_peer_flood(PeerFloodError("жалобы"))
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    message = await add_message(kept_database, lead, direction="out", kind="answer", state="queued")
    assert isinstance(await deliver(sender, lead, message), Delivered)


async def test_a_greeting_without_a_slot_is_not_sent(
    kept_database: Database,
    me: WorkerId,
    sender: MessageSender,
    world: World,
    rate_limiter: OutreachRateLimiter,
) -> None:
    await rate_limiter.on_peer_flood(PeerFloodError("рано"))
    lead, message = await greeting(kept_database, me)
    assert isinstance(await deliver(sender, lead, message), Wait)
    assert world.asked == []


async def test_a_refusal_makes_the_message_undeliverable(
    kept_database: Database, me: WorkerId, sender: MessageSender, world: World
) -> None:
    world.sending = CannotWriteError("закрыто")
    lead, message = await greeting(kept_database, me)
    assert await deliver(sender, lead, message) == Undeliverable(message.id, "закрыто")


async def test_a_peer_flood_blocks_all_first_messages_for_a_day(
    kept_database: Database, me: WorkerId, sender: MessageSender, world: World, time: Time
) -> None:
    world.sending = PeerFloodError("хватит")
    lead, message = await greeting(kept_database, me)
    assert await deliver(sender, lead, message) == Wait(DAY, "хватит")
    world.sending = Sent(1)
    other, another = await greeting(kept_database, me)
    assert await deliver(sender, other, another) == Wait(DAY, "keeping the pace of first messages")
    assert (await account_row(kept_database, me.account_id)).state == "limited"
    time.now = NOW + DAY
    assert isinstance(await deliver(sender, other, another), Delivered)
    assert (await account_row(kept_database, me.account_id)).state == "active"


async def test_a_frozen_account_retries_an_answer_after_an_hour(
    kept_database: Database, me: WorkerId, sender: MessageSender, world: World
) -> None:
    world.sending = PeerFloodError("заморожен")
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    message = await add_message(kept_database, lead, direction="out", kind="answer", state="queued")
    assert await deliver(sender, lead, message) == Wait(HOUR, "заморожен")
    assert (await account_row(kept_database, me.account_id)).state_reason == "заморожен"


@pytest.mark.parametrize(("status", "kind"), [("resolved", "greeting"), ("engaged", "answer")])
async def test_a_message_waits_for_the_end_of_a_flood_wait(
    kept_database: Database, me: WorkerId, sender: MessageSender, world: World, status: str, kind: str
) -> None:
    world.sending = RateLimitedError(5 * MINUTE, "messages.sendMessage")
    lead = await add_leased(kept_database, me, LeadStatus(status))
    message = await add_message(kept_database, lead, direction="out", kind=kind, state="queued")
    wait = Wait(5 * MINUTE, "Telegram asks to wait 300 s before messages.sendMessage")
    assert await deliver(sender, lead, message) == wait


async def test_an_unknown_outcome_is_raised(
    kept_database: Database, me: WorkerId, sender: MessageSender, world: World
) -> None:
    world.sending = TelegramUnavailableError("нет ответа")
    lead, message = await greeting(kept_database, me)
    with pytest.raises(TelegramUnavailableError):
        await deliver(sender, lead, message)
    # The slot is taken all the same: it may have been sent.
    (after,) = await messages_of(kept_database, lead)
    assert after.released_at == NOW


async def test_nothing_is_sent_without_the_account_lease(
    kept_database: Database, me: WorkerId, rate_limiter: OutreachRateLimiter, world: World, time: Time
) -> None:
    lead, message = await greeting(kept_database, me)
    without_lease = MessageSender(world, rate_limiter, lambda: time.now, 0, lambda: False)
    with pytest.raises(TelegramUnavailableError):
        await deliver(without_lease, lead, message)
    assert world.asked == []


async def test_typing_comes_before_the_message(
    kept_database: Database, me: WorkerId, rate_limiter: OutreachRateLimiter, world: World, time: Time
) -> None:
    lead, message = await greeting(kept_database, me)
    sender = MessageSender(world, rate_limiter, lambda: time.now, 0.01, lambda: True)
    await deliver(sender, lead, message)
    assert [call[0] for call in world.asked] == ["typing", "send"]


async def test_long_typing_is_shown_again(
    kept_database: Database, me: WorkerId, rate_limiter: OutreachRateLimiter, world: World
) -> None:
    lead, message = await greeting(kept_database, me)
    message.text = "я" * 1000
    await MessageSender(world, rate_limiter, lambda: NOW, 0.03, lambda: True, typing_shown=0.01).deliver(
        Conversation(lead, [message]), message
    )
    assert [call[0] for call in world.asked] == ["typing"] * 3 + ["send"]


async def test_a_message_without_a_random_id_is_a_bug(
    kept_database: Database, me: WorkerId, sender: MessageSender, world: World
) -> None:
    lead, message = await greeting(kept_database, me)
    message.random_id = None
    with pytest.raises(ValueError, match="without a random_id"):
        await deliver(sender, lead, message)
    assert world.asked == []
