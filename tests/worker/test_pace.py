"""The pace in the worker's words: Wait, or go ahead; and the sender that keeps it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.db import Database
from shared.models import Lead, Message
from shared.status import LeadStatus
from tests.worker.fakes import World
from tests.worker.rows import NOW, account_row, add_leased, add_message, messages_of
from worker import outbox
from worker.outcomes import Delivered, Outcome, Undeliverable, Wait
from worker.pace import PEER_FLOOD_PAUSE, Limits, Pace
from worker.ports import (
    CannotWriteError,
    OutreachLimitedError,
    RateLimitedError,
    Sent,
    TelegramUnavailableError,
)
from worker.queue import Me
from worker.sender import Sender
from worker.work import Work

SECOND = timedelta(seconds=1)


class Time:
    """A clock that stands still until it is set."""

    now = NOW


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(kept_database: Database, me: Me, time: Time) -> Pace:
    limits = Limits(30 * SECOND, 2, 3 * SECOND, ZoneInfo("Europe/Moscow"))
    return Pace(kept_database, me, limits, lambda: time.now)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def sender(pace: Pace, world: World, time: Time) -> Sender:
    return Sender(world, pace, lambda: time.now, 0, lambda: True)


async def greeting(database: Database, me: Me) -> tuple[Lead, Message]:
    lead = await add_leased(database, me, LeadStatus.RESOLVED)
    message = await add_message(
        database, lead, direction="out", kind="greeting", state="queued", text="Привет"
    )
    return lead, message


async def test_a_lookup_waits_for_its_turn(pace: Pace, time: Time) -> None:
    assert await pace.before_lookup() is None
    time.now = NOW + SECOND
    assert await pace.before_lookup() == Wait(2 * SECOND, "keeping the pace of look-ups")
    time.now = NOW + 3 * SECOND
    assert await pace.before_lookup() is None


async def test_a_first_message_is_let_go_once(
    kept_database: Database, me: Me, pace: Pace, time: Time
) -> None:
    lead, message = await greeting(kept_database, me)
    assert await pace.before_first_message(message) is None
    (message,) = await messages_of(kept_database, lead)
    assert message.released_at == NOW
    # Tried again after a crash, it needs no second slot.
    assert await pace.before_first_message(message) is None
    _, another = await greeting(kept_database, me)
    assert await pace.before_first_message(another) == Wait(30 * SECOND, "keeping the pace of first messages")
    assert another.released_at is None


async def test_the_days_limit(kept_database: Database, me: Me, pace: Pace, time: Time) -> None:
    for number in range(2):
        time.now = NOW + number * 30 * SECOND
        assert await pace.before_first_message((await greeting(kept_database, me))[1]) is None
    time.now = NOW + timedelta(hours=1)
    _, third = await greeting(kept_database, me)
    wait = await pace.before_first_message(third)
    # It is 16:00 in Moscow.
    assert wait == Wait(timedelta(hours=8), "keeping the pace of first messages")


async def test_holds(kept_database: Database, me: Me, pace: Pace) -> None:
    await pace.hold_lookups(timedelta(hours=15))
    assert await pace.before_lookup() == Wait(timedelta(hours=15), "keeping the pace of look-ups")
    await pace.hold_outreach(timedelta(days=1), "жалобы")
    _, message = await greeting(kept_database, me)
    assert await pace.before_first_message(message) == Wait(
        timedelta(days=1), "keeping the pace of first messages"
    )
    row = await account_row(kept_database, me.account_id)
    assert (row.state, row.state_reason) == ("limited", "жалобы")


async def deliver(sender: Sender, lead: Lead, message: Message) -> Outcome:
    return await sender.deliver(Work(lead, [message]), message)


async def test_a_greeting_is_sent_under_its_identity(
    kept_database: Database, me: Me, sender: Sender, world: World
) -> None:
    lead, message = await greeting(kept_database, me)
    assert await deliver(sender, lead, message) == Delivered(message.id or 0, 100, NOW)
    assert world.asked == [("send", str(lead.telegram_user_id), "Привет", str(message.random_id))]


async def test_answers_need_no_leave(kept_database: Database, me: Me, sender: Sender, pace: Pace) -> None:
    await pace.hold_outreach(timedelta(days=1), "жалобы")
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    message = await add_message(kept_database, lead, direction="out", kind="answer", state="queued")
    assert isinstance(await deliver(sender, lead, message), Delivered)


async def test_a_greeting_waits_its_turn_unsent(
    kept_database: Database, me: Me, sender: Sender, world: World, pace: Pace
) -> None:
    await pace.hold_outreach(timedelta(hours=1), "рано")
    lead, message = await greeting(kept_database, me)
    assert isinstance(await deliver(sender, lead, message), Wait)
    assert world.asked == []


async def test_who_cannot_be_written_to(
    kept_database: Database, me: Me, sender: Sender, world: World
) -> None:
    world.sending = CannotWriteError("закрыто")
    lead, message = await greeting(kept_database, me)
    assert await deliver(sender, lead, message) == Undeliverable(message.id or 0, "закрыто")


async def test_peer_flood_holds_all_first_messages_for_a_day(
    kept_database: Database, me: Me, sender: Sender, world: World
) -> None:
    world.sending = OutreachLimitedError("хватит")
    lead, message = await greeting(kept_database, me)
    assert await deliver(sender, lead, message) == Wait(PEER_FLOOD_PAUSE, "хватит")
    world.sending = Sent(1)
    other, another = await greeting(kept_database, me)
    assert await deliver(sender, other, another) == Wait(
        PEER_FLOOD_PAUSE, "keeping the pace of first messages"
    )
    assert (await account_row(kept_database, me.account_id)).state == "limited"


async def test_a_flood_wait_on_a_greeting_holds_the_others_too(
    kept_database: Database, me: Me, sender: Sender, world: World
) -> None:
    world.sending = RateLimitedError(timedelta(minutes=5))
    lead, message = await greeting(kept_database, me)
    assert await deliver(sender, lead, message) == Wait(timedelta(minutes=5), "Telegram asks to wait 300 s")
    other, another = await greeting(kept_database, me)
    assert isinstance(await deliver(sender, other, another), Wait)
    assert len(world.asked) == 1


async def test_a_flood_wait_on_an_answer_holds_it_alone(
    kept_database: Database, me: Me, sender: Sender, world: World
) -> None:
    world.sending = RateLimitedError(timedelta(minutes=5))
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    message = await add_message(kept_database, lead, direction="out", kind="answer", state="queued")
    assert await deliver(sender, lead, message) == Wait(timedelta(minutes=5), "Telegram asks to wait 300 s")
    assert (await account_row(kept_database, me.account_id)).next_outreach_at is None


async def test_an_unknown_outcome_is_raised(
    kept_database: Database, me: Me, sender: Sender, world: World
) -> None:
    world.sending = TelegramUnavailableError("нет ответа")
    lead, message = await greeting(kept_database, me)
    with pytest.raises(TelegramUnavailableError):
        await deliver(sender, lead, message)
    # The slot is taken all the same: it may have been sent.
    async with kept_database.reading() as session:
        assert (await outbox.get(session, message.id or 0)).released_at == NOW


async def test_who_no_longer_holds_the_account_says_nothing(
    kept_database: Database, me: Me, pace: Pace, world: World, time: Time
) -> None:
    lead, message = await greeting(kept_database, me)
    silent = Sender(world, pace, lambda: time.now, 0, lambda: False)
    with pytest.raises(TelegramUnavailableError):
        await deliver(silent, lead, message)
    assert world.asked == []


async def test_typing_comes_before_the_message(
    kept_database: Database, me: Me, pace: Pace, world: World, time: Time
) -> None:
    lead, message = await greeting(kept_database, me)
    sender = Sender(world, pace, lambda: time.now, 0.01, lambda: True)
    await deliver(sender, lead, message)
    assert [call[0] for call in world.asked] == ["typing", "send"]


async def test_a_message_without_an_identity_is_a_bug(
    kept_database: Database, me: Me, sender: Sender, world: World
) -> None:
    lead, message = await greeting(kept_database, me)
    message.random_id = None
    with pytest.raises(ValueError, match="without an identity"):
        await deliver(sender, lead, message)
    assert world.asked == []
