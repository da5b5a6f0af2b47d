"""Tests that the listener stores messages as they arrive, and finds missed ones once."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.support.fakes import World
from tests.support.rows import DEBOUNCE, NOW, add_leased, add_message, messages_of
from tests.support.waiting import patience, until_async
from worker.domain.telegram_port import Incoming, Note, Peer, SessionRevokedError, TelegramUnavailableError
from worker.messaging.listener import Listener
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups


@dataclass
class Chats(World):
    """A Telegram with some chats; `requests_since` gets the `since` of each request for their list."""

    chats: dict[int, list[Incoming]] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    requests_since: asyncio.Queue[datetime] = field(default_factory=asyncio.Queue)

    async def fetch_newest_ids(self, since: datetime) -> Mapping[int, int]:
        self.requests_since.put_nowait(since)
        if self.failures:
            raise self.failures.pop(0)
        return {user_id: messages[-1].message_id for user_id, messages in self.chats.items()}

    async def fetch_history(
        self,
        peer: Peer,
        after_id: int,
        since: datetime | None = None,  # noqa: ARG002
    ) -> Sequence[Incoming]:
        self.asked.append(("history", str(peer.user_id), str(after_id)))
        return [message for message in self.chats[peer.user_id] if message.message_id > after_id]


@pytest.fixture
def chats() -> Chats:
    return Chats()


@pytest.fixture
def listener(kept_database: Database, me: WorkerId, chats: Chats) -> Listener:
    return Listener(kept_database, me, chats, Wakeups(lambda: NOW, 3600), lambda: NOW, DEBOUNCE)


async def add_greeted_lead(database: Database, me: WorkerId) -> Lead:
    lead = await add_leased(database, me, LeadStatus.CONTACTED, due_at=None)
    await add_message(
        database, lead, direction="out", kind="greeting", state="sent", telegram_message_id=message_id(me)
    )
    return lead


def message_id(me: WorkerId, after: int = 0) -> int:
    return me.account_id * 1000 + after


def incoming(me: WorkerId, lead: Lead, after: int, text: str = "да") -> Incoming:
    return Incoming(lead.telegram_user_id or 0, message_id(me, after), text, NOW)


async def wait_until_stored(database: Database, lead: Lead, expected: list[str]) -> None:
    async def are_stored() -> bool:
        return [message.text for message in (await messages_of(database, lead))[1:]] == expected

    await until_async(are_stored, f"{expected} are stored")


async def test_messages_are_stored_in_order_and_once(
    kept_database: Database, me: WorkerId, listener: Listener
) -> None:
    lead = await add_greeted_lead(kept_database, me)
    arrivals: asyncio.Queue[Incoming] = asyncio.Queue()
    for after, text in ((1, "раз"), (2, "два"), (1, "раз"), (3, "три")):
        arrivals.put_nowait(incoming(me, lead, after, text))
    running = asyncio.create_task(listener.run(arrivals))
    await wait_until_stored(kept_database, lead, ["раз", "два", "три"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_message_that_cannot_be_stored_does_not_block_the_next(
    kept_database: Database, me: WorkerId, listener: Listener
) -> None:
    lead = await add_greeted_lead(kept_database, me)
    arrivals: asyncio.Queue[Incoming] = asyncio.Queue()
    arrivals.put_nowait(Incoming(lead.telegram_user_id or 0, 2**70, "слишком большой номер", NOW))
    arrivals.put_nowait(incoming(me, lead, 1))
    running = asyncio.create_task(listener.run(arrivals))
    await wait_until_stored(kept_database, lead, ["да"])
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_note_is_given_to_the_handler(me: WorkerId, listener: Listener) -> None:
    handled: list[tuple[int, Note, datetime]] = []

    async def on_note(_session: AsyncSession, account_id: int, note: Note, now: datetime) -> None:
        handled.append((account_id, note, now))

    arrivals: asyncio.Queue[Note] = asyncio.Queue()
    arrivals.put_nowait(Note(1, "help"))
    running = asyncio.create_task(replace(listener, on_note=on_note).run(arrivals))
    async with patience():
        await listener.note_handled.wait()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert handled == [(me.account_id, Note(1, "help"), NOW)]


async def test_missed_message_is_found_once(
    kept_database: Database, me: WorkerId, listener: Listener, chats: Chats
) -> None:
    missed = await add_greeted_lead(kept_database, me)
    ungreeted = await add_leased(kept_database, me, LeadStatus.ENGAGED)
    chats.chats[missed.telegram_user_id or 0] = [incoming(me, missed, -1, "раньше"), incoming(me, missed, 1)]
    chats.chats[ungreeted.telegram_user_id or 0] = [incoming(me, ungreeted, 2, "не наше")]
    # Its newest message is not stored. It is read once.
    given_up = await add_leased(kept_database, me, LeadStatus.UNREACHABLE, due_at=None)
    of_old = replace(incoming(me, given_up, 3, "давно"), sent_at=NOW - timedelta(days=1))
    chats.chats[given_up.telegram_user_id or 0] = [of_old]
    reconnected = asyncio.Event()
    catching_up = asyncio.create_task(listener.catch_up(reconnected))
    await wait_until_stored(kept_database, missed, ["да"])
    # After a reconnection it checks again, and requests no history.
    reconnected.set()
    async with patience():
        first, second = await chats.requests_since.get(), await chats.requests_since.get()
    assert first < second < NOW
    catching_up.cancel()
    await asyncio.gather(catching_up, return_exceptions=True)
    assert sorted(chats.asked) == sorted(
        ("history", str(lead.telegram_user_id), str(after))
        for lead, after in ((missed, message_id(me)), (given_up, 0))
    )
    assert await messages_of(kept_database, ungreeted) == []


async def test_interrupted_catch_up_is_repeated_from_the_same_time(listener: Listener, chats: Chats) -> None:
    chats.failures = [TelegramUnavailableError("нет связи")]
    reconnected = asyncio.Event()
    catching_up = asyncio.create_task(listener.catch_up(reconnected))
    async with patience():
        first = await chats.requests_since.get()
        reconnected.set()
        assert await chats.requests_since.get() == first
    catching_up.cancel()
    await asyncio.gather(catching_up, return_exceptions=True)


async def test_revoked_session_ends_the_catch_up(listener: Listener, chats: Chats) -> None:
    chats.failures = [SessionRevokedError("вышли")]
    with pytest.raises(SessionRevokedError):
        async with patience():
            await listener.catch_up(asyncio.Event())
