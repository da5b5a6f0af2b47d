"""`typing…` never stops a message, and a restricted account pauses without failing a lead."""

import asyncio
import time as machine
from datetime import UTC, datetime, timedelta

import pytest

from shared.database.engine import Database
from shared.database.models import Lead, Message
from shared.statuses import LeadStatus
from tests.support.fakes import World
from tests.support.rows import NOW, account_row, add_leased, add_message
from tests.support.waiting import patience_seconds
from worker.dispatch.delivery import MANNERS_PAUSE, MessageSender
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Delivered, Outcome, Wait
from worker.domain.sending_limits import Limits
from worker.domain.telegram_port import (
    AccountRestrictedError,
    CannotWriteError,
    Peer,
    PeerFloodError,
    SessionRevokedError,
    SlotUnavailableError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue.leases import WorkerId

HOUR = timedelta(hours=1)


class Time:
    """A clock that a test sets."""

    now: datetime = NOW


class UnmannerlyWorld(World):
    """A Telegram that refuses `typing…`, or does not answer it."""

    refusal: Exception | None = None

    async def show_typing(self, peer: Peer, read_until: int | None = 0) -> None:
        await super().show_typing(peer, read_until)
        if self.refusal is None:
            await asyncio.Event().wait()
        else:
            raise self.refusal


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def world() -> UnmannerlyWorld:
    return UnmannerlyWorld()


@pytest.fixture
def rate_limiter(kept_database: Database, me: WorkerId, time: Time) -> OutreachRateLimiter:
    limits = Limits(timedelta(), 30, timedelta())
    return OutreachRateLimiter(kept_database, me, limits, lambda: time.now, UTC)


@pytest.fixture
def sender(rate_limiter: OutreachRateLimiter, world: World, time: Time) -> MessageSender:
    return MessageSender(world, rate_limiter, lambda: time.now, 0.02, lambda: True)


async def answer_of(database: Database, me: WorkerId) -> tuple[Lead, Message]:
    lead = await add_leased(database, me, LeadStatus.ENGAGED)
    message = await add_message(
        database, lead, direction="out", kind="answer", state="queued", text="Да" * 50
    )
    return lead, message


async def deliver(sender: MessageSender, found: tuple[Lead, Message]) -> Outcome:
    lead, message = found
    return await sender.deliver(Conversation(lead, [message]), message)


@pytest.mark.parametrize(
    "refusal",
    [
        CannotWriteError("Telegram no longer knows this person"),
        TelegramError("Telegram refused: PEER_HISTORY_EMPTY"),
        TelegramUnavailableError("Telegram is in trouble"),
        PeerFloodError("frozen"),
        SessionRevokedError("ended"),
        KeyError("a bug"),
        None,
    ],
)
async def test_typing_stops_no_message(
    kept_database: Database,
    me: WorkerId,
    sender: MessageSender,
    world: UnmannerlyWorld,
    time: Time,
    refusal: Exception | None,
) -> None:
    world.refusal = refusal
    began = machine.monotonic()
    assert isinstance(await deliver(sender, await answer_of(kept_database, me)), Delivered)
    assert machine.monotonic() - began < patience_seconds(2)
    # It is not tried again for a while.
    assert isinstance(await deliver(sender, await answer_of(kept_database, me)), Delivered)
    assert [call[0] for call in world.asked] == ["typing", "send", "send"]
    time.now += MANNERS_PAUSE
    await deliver(sender, await answer_of(kept_database, me))
    assert [call[0] for call in world.asked[3:]] == ["typing", "send"]


async def test_a_restricted_account_pauses_for_all_its_leads(
    kept_database: Database,
    me: WorkerId,
    rate_limiter: OutreachRateLimiter,
    world: UnmannerlyWorld,
    time: Time,
) -> None:
    sender = MessageSender(world, rate_limiter, lambda: time.now, 0, lambda: True)
    world.sending = AccountRestrictedError("frozen")
    refused = await answer_of(kept_database, me)
    assert await deliver(sender, refused) == Wait(HOUR, "frozen")
    account = await account_row(kept_database, me.account_id)
    assert (account.state, account.state_reason) == ("limited", "frozen")
    # Neither an answer nor a look-up is tried meanwhile.
    other = await deliver(sender, await answer_of(kept_database, me))
    assert isinstance(other, Wait)
    assert (other.reason, other.delay >= HOUR) == ("frozen", True)
    with pytest.raises(SlotUnavailableError, match="frozen"):
        await rate_limiter.reserve_lookup("contacts.resolveUsername", 10)
    assert len(world.asked) == 1
    # It ends by itself: one delivered message shows it.
    time.now += HOUR
    world.sending = World().sending
    assert isinstance(await deliver(sender, refused), Delivered)
    assert (await account_row(kept_database, me.account_id)).state == "active"
    await rate_limiter.reserve_lookup("contacts.resolveUsername", 10)
