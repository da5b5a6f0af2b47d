"""What arrives is stored and wakes the loop; what was missed is looked for and found once."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.support.fakes import World
from tests.support.rows import DEBOUNCE, NOW, add_leased, add_message, messages_of
from worker.domain.telegram_port import Incoming, Peer, SessionRevokedError, TelegramUnavailableError
from worker.messaging.listener import Listener
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups

DEADLINE = 30


@dataclass
class Chats(World):
    """A Telegram with some chats; `looked` fills as it is asked for the list of them."""

    chats: dict[int, list[Incoming]] = field(default_factory=dict)
    troubles: list[Exception] = field(default_factory=list)
    looked: asyncio.Queue[datetime] = field(default_factory=asyncio.Queue)

    async def newest(self, since: datetime) -> Mapping[int, int]:
        self.looked.put_nowait(since)
        if self.troubles:
            raise self.troubles.pop(0)
        return {person: written[-1].message_id for person, written in self.chats.items()}

    async def history(self, peer: Peer, after_id: int) -> Sequence[Incoming]:
        self.asked.append(("history", str(peer.user_id), str(after_id)))
        return [one for one in self.chats[peer.user_id] if one.message_id > after_id]


@pytest.fixture
def chats() -> Chats:
    return Chats()


@pytest.fixture
def listener(kept_database: Database, me: WorkerId, chats: Chats) -> Listener:
    return Listener(kept_database, me, chats, Wakeups(lambda: NOW, 3600), lambda: NOW, DEBOUNCE)


async def greeted(database: Database, me: WorkerId) -> Lead:
    lead = await add_leased(database, me, LeadStatus.CONTACTED, due_at=None)
    await add_message(
        database, lead, direction="out", kind="greeting", state="sent", telegram_message_id=number(me)
    )
    return lead


def number(me: WorkerId, after: int = 0) -> int:
    return me.account_id * 1000 + after


def letter(me: WorkerId, lead: Lead, after: int, text: str = "да") -> Incoming:
    return Incoming(lead.telegram_user_id or 0, number(me, after), text, NOW)


async def stored(database: Database, lead: Lead, expected: list[str]) -> None:
    deadline = time.monotonic() + DEADLINE
    while [message.text for message in (await messages_of(database, lead))[1:]] != expected:
        assert time.monotonic() < deadline, f"{expected} were not stored"
        await asyncio.sleep(0.01)


async def test_what_arrives_is_stored_in_order(
    kept_database: Database, me: WorkerId, listener: Listener
) -> None:
    lead = await greeted(kept_database, me)
    arrivals: asyncio.Queue[Incoming] = asyncio.Queue()
    for after, text in ((1, "раз"), (2, "два"), (1, "раз"), (3, "три")):
        arrivals.put_nowait(letter(me, lead, after, text))
    running = asyncio.create_task(listener.run(arrivals))
    await stored(kept_database, lead, ["раз", "два", "три"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_one_message_that_cannot_be_stored_holds_up_no_other(
    kept_database: Database, me: WorkerId, listener: Listener
) -> None:
    lead = await greeted(kept_database, me)
    arrivals: asyncio.Queue[Incoming] = asyncio.Queue()
    arrivals.put_nowait(Incoming(lead.telegram_user_id or 0, 2**70, "слишком большой номер", NOW))
    arrivals.put_nowait(letter(me, lead, 1))
    running = asyncio.create_task(listener.run(arrivals))
    await stored(kept_database, lead, ["да"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_was_missed_is_found_once(
    kept_database: Database, me: WorkerId, listener: Listener, chats: Chats
) -> None:
    missed = await greeted(kept_database, me)
    ungreeted = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    chats.chats[missed.telegram_user_id or 0] = [letter(me, missed, -1, "раньше"), letter(me, missed, 1)]
    chats.chats[ungreeted.telegram_user_id or 0] = [letter(me, ungreeted, 2, "не наше")]
    reconnected = asyncio.Event()
    catching = asyncio.create_task(listener.catch_up(reconnected))
    await stored(kept_database, missed, ["да"])
    # A reconnection looks again, and has nothing to ask for.
    reconnected.set()
    async with asyncio.timeout(DEADLINE):
        first, second = await chats.looked.get(), await chats.looked.get()
    assert first < second < NOW
    catching.cancel()
    await asyncio.gather(catching, return_exceptions=True)
    assert chats.asked == [("history", str(missed.telegram_user_id), str(number(me)))]
    assert await messages_of(kept_database, ungreeted) == []


async def test_an_interrupted_look_is_made_again_from_the_same_moment(
    listener: Listener, chats: Chats
) -> None:
    chats.troubles = [TelegramUnavailableError("нет связи")]
    reconnected = asyncio.Event()
    catching = asyncio.create_task(listener.catch_up(reconnected))
    async with asyncio.timeout(DEADLINE):
        first = await chats.looked.get()
        reconnected.set()
        assert await chats.looked.get() == first
    catching.cancel()
    await asyncio.gather(catching, return_exceptions=True)


async def test_a_lost_account_ends_it(listener: Listener, chats: Chats) -> None:
    chats.troubles = [SessionRevokedError("вышли")]
    with pytest.raises(SessionRevokedError):
        async with asyncio.timeout(DEADLINE):
            await listener.catch_up(asyncio.Event())
