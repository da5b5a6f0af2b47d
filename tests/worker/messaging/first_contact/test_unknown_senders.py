"""Messages of people without a lead: checked again later, told to the owner, or made a lead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Database
from shared.database.models import Lead, TelegramAccount, TelegramPerson
from shared.statuses import LeadStatus
from tests.support.fakes import World
from tests.support.rows import DEBOUNCE, NOW, messages_of
from tests.support.waiting import until_async
from worker.domain.telegram_port import (
    Incoming,
    Outgoing,
    Peer,
    Sender,
    TelegramError,
    TelegramUnavailableError,
)
from worker.messaging.first_contact.unknown_senders import UnknownSenders
from worker.queue.leases import WorkerId

_numbers = count(7_100_000_001)


class Chats(World):
    """A Telegram whose chats hold `history`, and whose calls raise `failures` first."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Incoming | Outgoing] = []
        self.failures: list[Exception] = []

    async def fetch_incoming(self, message_ids: object) -> list[Incoming]:
        if self.failures:
            raise self.failures.pop(0)
        return [self.incoming[one] for one in message_ids if one in self.incoming]  # type: ignore[attr-defined]

    async def fetch_history(  # type: ignore[override]
        self,
        peer: Peer,
        after_id: int,
        since: datetime | None = None,  # noqa: ARG002
    ) -> list[Incoming | Outgoing]:
        self.asked.append(("history", str(peer.user_id), str(after_id)))
        return self.history


@pytest.fixture
def chats() -> Chats:
    return Chats()


@pytest.fixture
def told() -> list[Incoming]:
    return []


Build = Callable[..., UnknownSenders]


@pytest.fixture
def build(kept_database: Database, me: WorkerId, chats: Chats, told: list[Incoming]) -> Build:
    async def on_stranger(_: AsyncSession, _account: int, message: Incoming, _now: datetime) -> None:
        told.append(message)

    def make(**fields: object) -> UnknownSenders:
        usual = {"on_stranger": on_stranger, "on_lead": lambda _: None}
        return UnknownSenders(kept_database, me.account_id, chats, lambda: NOW, DEBOUNCE, **usual | fields)

    return make


@asynccontextmanager
async def running(unknown: UnknownSenders) -> AsyncIterator[None]:
    task = asyncio.create_task(unknown.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def message_of_stranger(**fields: object) -> Incoming:
    number = next(_numbers)
    sender = Sender(number, 5, (f"stranger_{number}",), name="Ольга")
    return replace(Incoming(number, number % 2**31, "Здравствуйте", NOW, sender=sender), **fields)


async def leads_of(database: Database, message: Incoming) -> list[Lead]:
    async with database.reading() as session:
        found = await session.exec(select(Lead).where(col(Lead.telegram_user_id) == message.user_id))
        return list(found)


async def test_the_owner_is_told_of_a_stranger(build: Build, told: list[Incoming]) -> None:
    message = message_of_stranger()
    unknown = build(policy="notify")
    unknown.add(message)
    async with running(unknown):
        await until_async(lambda: _is(told == [message]), "the owner is told")


async def _is(value: bool) -> bool:
    return value


async def test_a_stranger_becomes_a_lead(kept_database: Database, me: WorkerId, build: Build) -> None:
    message = message_of_stranger()
    # The worker itself may have put them into the address book, for an earlier lead.
    message = replace(message, sender=message.sender and replace(message.sender, is_contact=True))
    person = TelegramPerson(account_id=me.account_id, user_id=message.user_id, access_hash=1, is_contact=True)
    async with kept_database.writing() as session:
        session.add(person)
    unknown = build(policy="create")
    unknown.add(message)
    async with running(unknown):
        await until_async(lambda: _has_lead(kept_database, message), "a lead is made")
    (lead,) = await leads_of(kept_database, message)
    assert (lead.source, lead.status, lead.name) == ("telegram", LeadStatus.ENGAGED, "Ольга")
    assert [one.text for one in await messages_of(kept_database, lead)] == ["Здравствуйте"]


async def _has_lead(database: Database, message: Incoming) -> bool:
    return bool(await leads_of(database, message))


@pytest.mark.parametrize("policy", ["notify", "create"])
@pytest.mark.parametrize("who", ["owner", "own account", "acquaintance", "saved", "bot", "old news", "event"])
async def test_others_are_no_strangers(
    kept_database: Database, build: Build, chats: Chats, told: list[Incoming], policy: str, who: str
) -> None:
    message = message_of_stranger()
    assert message.sender is not None
    owner = None
    match who:
        case "owner":
            owner = message.sender.usernames[0]
        case "own account":
            async with kept_database.writing() as session:
                session.add(TelegramAccount(telegram_user_id=message.user_id, session_name="other"))
        case "acquaintance":
            chats.history = [Outgoing(message.user_id, 1, "Привет", NOW)]
        case "saved":
            message = replace(message, sender=replace(message.sender, is_contact=True))
        case "bot":
            message = replace(message, sender=replace(message.sender, is_person=False))
        case "old news":
            message = replace(message, sent_at=NOW - timedelta(days=2))
        case "event":
            message = replace(message, needs_answer=False)
    unknown = build(policy=policy, owner_chat=owner)
    # Each round finds it again while it is the newest one of its chat.
    unknown.add(message)
    unknown.add(message)
    last = message_of_stranger()
    unknown.add(replace(last, sender=replace(last.sender or message.sender, is_person=False)))
    async with running(unknown):
        await until_async(lambda: _is(all(one.checks for one in unknown._waiting)), "all are checked")
    assert told == []
    assert await leads_of(kept_database, message) == []
    assert len([one for one in chats.asked if one[0] == "history"]) == (who == "acquaintance")


async def test_a_sender_that_was_left_out_is_fetched(
    build: Build, chats: Chats, told: list[Incoming]
) -> None:
    message = message_of_stranger()
    chats.incoming[message.message_id] = message
    unknown = build(policy="notify")
    unknown.add(replace(message, sender=None))
    async with running(unknown):
        await until_async(lambda: _is(told == [message]), "the owner is told")


@pytest.mark.parametrize("failure", [TelegramUnavailableError("no link"), TelegramError("[400 SOMETHING]")])
async def test_a_failed_call_is_repeated_after_a_pause(
    build: Build, chats: Chats, told: list[Incoming], failure: Exception
) -> None:
    message = message_of_stranger()
    chats.incoming[message.message_id], chats.failures = message, [failure, failure]
    unknown = build(policy="notify", first_pause=0.01)
    unknown.add(replace(message, sender=None))
    async with running(unknown):
        await until_async(lambda: _is(told == [message]), "the owner is told")


async def test_a_lead_that_arrives_later_gets_the_words(
    kept_database: Database, me: WorkerId, build: Build
) -> None:
    message = message_of_stranger()
    assert message.sender is not None
    found: list[Lead] = []
    unknown = build(on_lead=found.append, checks_after=(0, 0.01, 0.02))
    unknown.add(message)
    lead = Lead(name="Ольга", source="api", username=message.sender.usernames[0], created_at=NOW)
    async with kept_database.writing() as session:
        session.add(lead)
    async with running(unknown):
        await until_async(lambda: _is([one.id for one in found] == [lead.id]), "the lead is found")
    assert [one.text for one in await messages_of(kept_database, lead)] == ["Здравствуйте"]
    assert found[0].account_id == me.account_id
