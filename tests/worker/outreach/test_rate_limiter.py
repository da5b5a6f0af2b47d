"""The pace in the worker's words: Wait, or go ahead; and the sender that keeps it."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.statuses import LeadStatus
from tests.support.fakes import World
from tests.support.rows import NOW, account_row, add_leased, add_message, messages_of
from worker.dispatch.delivery import Sender
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Delivered, Outcome, Undeliverable, Wait
from worker.domain.outreach_policy import Hours, Limits
from worker.domain.telegram_port import (
    CannotWriteError,
    PeerFloodError,
    RateLimitedError,
    Sent,
    SlotUnavailableError,
    TelegramUnavailableError,
)
from worker.messaging import outbox
from worker.outreach.rate_limiter import YIELD, OutreachRateLimiter
from worker.queue.leases import WorkerId

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOSCOW = ZoneInfo("Europe/Moscow")
RESOLVE = "contacts.resolveUsername"


class Time:
    """A clock that stands still until it is set."""

    now = NOW


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(kept_database: Database, me: WorkerId, time: Time) -> OutreachRateLimiter:
    limits = Limits(30 * SECOND, 4, 3 * SECOND)
    return OutreachRateLimiter(kept_database, me, limits, lambda: time.now, MOSCOW, chance=lambda: 0)


def in_hours(pace: OutreachRateLimiter, hours: str) -> OutreachRateLimiter:
    """The same account's pace, in these hours alone."""
    return OutreachRateLimiter(pace.database, pace.me, pace.limits, pace.clock, pace.zone, Hours.parse(hours))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def sender(pace: OutreachRateLimiter, world: World, time: Time) -> Sender:
    return Sender(world, pace, lambda: time.now, 0, lambda: True)


async def greeting(database: Database, me: WorkerId, **fields: Any) -> tuple[Lead, Message]:  # noqa: ANN401
    lead = await add_leased(database, me, LeadStatus.RESOLVED, **fields)
    message = await add_message(
        database, lead, direction="out", kind="greeting", state="queued", text="Привет"
    )
    return lead, message


async def before_first(pace: OutreachRateLimiter, found: tuple[Lead, Message]) -> Wait | None:
    return await pace.reserve_first_message(*found)


async def test_a_lookup_waits_for_its_turn(pace: OutreachRateLimiter, time: Time) -> None:
    await pace.reserve_lookup(RESOLVE, 2)
    time.now = NOW + SECOND
    with pytest.raises(SlotUnavailableError, match=f"the pace of {RESOLVE}") as later:
        await pace.reserve_lookup(RESOLVE, 2)
    assert later.value.wait == 2 * SECOND
    time.now = NOW + 3 * SECOND
    await pace.reserve_lookup(RESOLVE, 2)


async def test_a_first_message_is_let_go_once(
    kept_database: Database, me: WorkerId, pace: OutreachRateLimiter, time: Time
) -> None:
    lead, message = await greeting(kept_database, me)
    assert await before_first(pace, (lead, message)) is None
    (message,) = await messages_of(kept_database, lead)
    assert message.released_at == NOW
    # Tried again after a crash, it needs no second slot.
    assert await before_first(pace, (lead, message)) is None
    other, another = await greeting(kept_database, me)
    wait = await before_first(pace, (other, another))
    assert wait == Wait(30 * SECOND, "keeping the pace of first messages")
    assert another.released_at is None


async def test_an_older_lead_lets_the_fresh_go_first(
    kept_database: Database, me: WorkerId, pace: OutreachRateLimiter, time: Time
) -> None:
    old = await greeting(kept_database, me, created_at=NOW - HOUR)
    fresh = await greeting(kept_database, me)
    assert await before_first(pace, old) == Wait(YIELD, "lets those who have just written go first")
    assert await before_first(pace, fresh) is None
    assert await before_first(pace, old) == Wait(30 * SECOND, "keeping the pace of first messages")


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
async def test_older_leads_wait_for_their_hours(
    kept_database: Database, me: WorkerId, pace: OutreachRateLimiter, phone: str | None, hours: int | None
) -> None:
    strict = in_hours(pace, "09:00-20:00")
    lead = Lead(name="Анна", source="tilda", phone_e164=phone, created_at=NOW - HOUR)
    wait = strict.before_opening(lead)
    assert (wait.delay if wait else None) == (hours * HOUR if hours else None)
    assert pace.before_opening(lead) is None
    lead.created_at = NOW - 14 * MINUTE
    assert strict.before_opening(lead) is None, "they still sit there"


async def test_what_was_let_go_waits_for_no_hours(
    kept_database: Database, me: WorkerId, pace: OutreachRateLimiter
) -> None:
    never = in_hours(pace, "01:00-01:01")
    lead, message = await greeting(kept_database, me, created_at=NOW - HOUR)
    assert await before_first(never, (lead, message)) is not None
    message.released_at = NOW
    assert await before_first(never, (lead, message)) is None


async def deliver(sender: Sender, lead: Lead, message: Message) -> Outcome:
    return await sender.deliver(Conversation(lead, [message]), message)


async def test_a_greeting_is_sent_under_its_identity(
    kept_database: Database, me: WorkerId, sender: Sender, world: World
) -> None:
    lead, message = await greeting(kept_database, me)
    assert await deliver(sender, lead, message) == Delivered(message.id or 0, 100, NOW)
    assert world.asked == [("send", str(lead.telegram_user_id), "Привет", str(message.random_id))]


async def test_answers_need_no_leave(
    kept_database: Database, me: WorkerId, sender: Sender, pace: OutreachRateLimiter
) -> None:
    await pace.on_peer_flood("жалобы")
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    message = await add_message(kept_database, lead, direction="out", kind="answer", state="queued")
    assert isinstance(await deliver(sender, lead, message), Delivered)


async def test_a_greeting_waits_its_turn_unsent(
    kept_database: Database, me: WorkerId, sender: Sender, world: World, pace: OutreachRateLimiter
) -> None:
    await pace.on_peer_flood("рано")
    lead, message = await greeting(kept_database, me)
    assert isinstance(await deliver(sender, lead, message), Wait)
    assert world.asked == []


async def test_who_cannot_be_written_to(
    kept_database: Database, me: WorkerId, sender: Sender, world: World
) -> None:
    world.sending = CannotWriteError("закрыто")
    lead, message = await greeting(kept_database, me)
    assert await deliver(sender, lead, message) == Undeliverable(message.id or 0, "закрыто")


async def test_peer_flood_holds_all_first_messages_for_a_day(
    kept_database: Database, me: WorkerId, sender: Sender, world: World, time: Time
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


async def test_a_frozen_account_tries_an_answer_again_soon(
    kept_database: Database, me: WorkerId, sender: Sender, world: World
) -> None:
    world.sending = PeerFloodError("заморожен")
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    message = await add_message(kept_database, lead, direction="out", kind="answer", state="queued")
    assert await deliver(sender, lead, message) == Wait(HOUR, "заморожен")
    assert (await account_row(kept_database, me.account_id)).state_reason == "заморожен"


@pytest.mark.parametrize(("status", "kind"), [("resolved", "greeting"), ("engaged", "answer")])
async def test_a_flood_wait_is_the_messages_time(
    kept_database: Database, me: WorkerId, sender: Sender, world: World, status: str, kind: str
) -> None:
    world.sending = RateLimitedError(5 * MINUTE, "messages.sendMessage")
    lead = await add_leased(kept_database, me, LeadStatus(status))
    message = await add_message(kept_database, lead, direction="out", kind=kind, state="queued")
    wait = Wait(5 * MINUTE, "Telegram asks to wait 300 s before messages.sendMessage")
    assert await deliver(sender, lead, message) == wait


async def test_an_unknown_outcome_is_raised(
    kept_database: Database, me: WorkerId, sender: Sender, world: World
) -> None:
    world.sending = TelegramUnavailableError("нет ответа")
    lead, message = await greeting(kept_database, me)
    with pytest.raises(TelegramUnavailableError):
        await deliver(sender, lead, message)
    # The slot is taken all the same: it may have been sent.
    async with kept_database.reading() as session:
        assert (await outbox.get(session, message.id or 0)).released_at == NOW


async def test_who_no_longer_holds_the_account_says_nothing(
    kept_database: Database, me: WorkerId, pace: OutreachRateLimiter, world: World, time: Time
) -> None:
    lead, message = await greeting(kept_database, me)
    silent = Sender(world, pace, lambda: time.now, 0, lambda: False)
    with pytest.raises(TelegramUnavailableError):
        await deliver(silent, lead, message)
    assert world.asked == []


async def test_typing_comes_before_the_message(
    kept_database: Database, me: WorkerId, pace: OutreachRateLimiter, world: World, time: Time
) -> None:
    lead, message = await greeting(kept_database, me)
    sender = Sender(world, pace, lambda: time.now, 0.01, lambda: True)
    await deliver(sender, lead, message)
    assert [call[0] for call in world.asked] == ["typing", "send"]


async def test_long_typing_is_shown_anew(
    kept_database: Database, me: WorkerId, pace: OutreachRateLimiter, world: World
) -> None:
    lead, message = await greeting(kept_database, me)
    message.text = "я" * 1000
    await Sender(world, pace, lambda: NOW, 0.03, lambda: True, typing_shown=0.01).deliver(
        Conversation(lead, [message]), message
    )
    assert [call[0] for call in world.asked] == ["typing"] * 3 + ["send"]


async def test_a_message_without_an_identity_is_a_bug(
    kept_database: Database, me: WorkerId, sender: Sender, world: World
) -> None:
    lead, message = await greeting(kept_database, me)
    message.random_id = None
    with pytest.raises(ValueError, match="without an identity"):
        await deliver(sender, lead, message)
    assert world.asked == []
