"""No message is missed or received twice: live, while the worker is stopped, and after a lost link."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, Person, PersonFields
from sandbox.fake_telegram.tl.media import Media
from shared.database.engine import Database
from shared.statuses import LeadStatus
from tests.support.rows import DEBOUNCE, NOW, add_account, add_leased, messages_of
from tests.support.waiting import patience, until_async
from tests.worker.telegram.conftest import SHORT_TIMEOUTS, next_arrivals, opened, settings_of
from worker.domain.telegram_port import Deleted, Incoming, Outgoing, Peer
from worker.messaging import inbox
from worker.queue.leases import WorkerId
from worker.telegram.adapter import TelegramAccount


@pytest.mark.parametrize("form", ["updates", "short"])
async def test_a_message_arrives_live(
    telegram: Telegram,
    account: Account,
    worker: TelegramAccount,
    anna: Person,
    form: Literal["updates", "short"],
) -> None:
    telegram.settings.push_form = form
    written = [telegram.world.write(anna, account, text) for text in ("раз", "два", "три")]
    arrived = await next_arrivals(worker, 3)
    assert [message.text for message in arrived] == ["раз", "два", "три"]
    assert [message.message_id for message in arrived] == [message.id for message in written]
    assert {message.user_id for message in arrived} == {anna.id}
    assert arrived[0].sent_at == datetime.fromtimestamp(written[0].date, UTC)


@pytest.mark.parametrize(("media", "expected"), [("voice", "[voice message]"), ("photo", "[photo] вот")])
async def test_a_message_that_is_not_text_is_described(
    telegram: Telegram,
    account: Account,
    worker: TelegramAccount,
    anna: Person,
    media: Media,
    expected: str,
) -> None:
    telegram.world.write(anna, account, "вот" if media == "photo" else "", media)
    (message,) = await next_arrivals(worker, 1)
    assert message.text == expected


async def test_messages_of_a_human_arrive_and_the_workers_own_do_not(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    await worker.send(anna_peer, "от нас", 1)
    typed = telegram.world.send(account, anna, "от человека с другого устройства").message
    assert typed is not None
    telegram.world.edit(account, anna.id, typed.id, "исправлено")
    telegram.world.write(anna, account, "от Анны")
    outgoing, incoming = await next_arrivals(worker, 2)
    sent_at = datetime.fromtimestamp(typed.date, UTC)
    assert outgoing == Outgoing(anna.id, typed.id, "от человека с другого устройства", sent_at)
    assert isinstance(incoming, Incoming)
    assert incoming.text == "от Анны"
    assert worker.arrivals.empty()


async def test_an_edited_message_is_marked(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    written = telegram.world.write(anna, account, "да")
    await next_arrivals(worker, 1)
    telegram.world.edit(account, anna.id, written.id, "нет")
    (message,) = await next_arrivals(worker, 1)
    assert (message.message_id, message.text, message.edited) == (written.id, "нет", True)
    telegram.world.write(anna, account, "ещё")
    (message,) = await next_arrivals(worker, 1)
    assert (message.text, message.edited) == ("ещё", False)


async def test_a_deletion_arrives(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    written = telegram.world.write(anna, account, "не то")
    telegram.world.delete(account, anna.id, written.id)
    assert (await next_arrivals(worker, 2))[1] == Deleted((written.id,))


async def test_messages_arrive_that_were_written_while_stopped(
    telegram: Telegram, account: Account, anna: Person, session_file: Path
) -> None:
    worker = TelegramAccount(settings_of(session_file.parent), SHORT_TIMEOUTS)
    async with opened(worker):
        pass
    for text in ("раз", "два"):
        telegram.world.write(anna, account, text)
    async with opened(worker):
        assert [message.text for message in await next_arrivals(worker, 2)] == ["раз", "два"]
    assert worker.arrivals.empty()


async def test_messages_arrive_that_were_written_while_the_link_was_down(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    telegram.world.write(anna, account, "до")
    await next_arrivals(worker, 1)
    worker.session.reconnected.clear()
    await telegram.down()
    telegram.world.write(anna, account, "пока нет связи")
    await telegram.up()
    async with patience():
        await worker.session.reconnected.wait()
    telegram.world.write(anna, account, "после")
    texts = {message.text for message in await next_arrivals(worker, 2)}
    assert texts == {"пока нет связи", "после"}


async def test_history_has_the_messages_after_an_id(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    telegram.world.write(anna, account, "раньше")
    greeting = await worker.send(anna_peer, "Здравствуйте!", 1)
    written = [telegram.world.write(anna, account, "да")]
    sent = await worker.send(anna_peer, "Отлично!", 2)
    written.append(telegram.world.write(anna, account, "", "sticker"))
    found = await worker.fetch_history(anna_peer, greeting.message_id or 0)
    assert [message.text for message in found] == ["да", "Отлично!", "[sticker 👍]"]
    assert [type(message) for message in found] == [Incoming, Outgoing, Incoming]
    assert [message.message_id for message in found] == [written[0].id, sent.message_id, written[1].id]
    assert {message.user_id for message in found} == {anna.id}


async def test_the_newest_message_of_every_chat(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    # More chats than one page holds.
    people = [telegram.world.people.add(PersonFields(name=str(number))) for number in range(120)]
    newest = {person.id: telegram.world.write(person, account, "да").id for person in people}
    telegram.world.write(anna, account, "раз")
    newest[anna.id] = (await worker.send(anna_peer, "два", 1)).message_id or 0
    assert await worker.fetch_newest_ids(datetime(2020, 1, 1, tzinfo=UTC)) == newest
    # If no chat has activity since then, one page is enough.
    found = await worker.fetch_newest_ids(datetime.now(UTC) + timedelta(hours=1))
    assert found[anna.id] == newest[anna.id]
    assert len(found) == 99


async def test_history_has_the_last_100_messages(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    for number in range(130):
        telegram.world.write(anna, account, str(number))
    found = await worker.fetch_history(anna_peer, 0)
    assert [message.text for message in found] == [str(number) for number in range(30, 130)]


@pytest.fixture
async def message_store(sqlite_url: str) -> Database:
    """A database for the messages that the worker receives."""
    return Database(sqlite_url)


async def test_each_message_is_stored_once(
    telegram: Telegram,
    account: Account,
    anna: Person,
    anna_peer: Peer,
    session_file: Path,
    message_store: Database,
) -> None:
    """Live, duplicated, out of order, lost, while stopped, and from history: one row each."""
    me = WorkerId(await add_account(message_store, account.id), "life1")
    lead = await add_leased(message_store, me, LeadStatus.CONTACTED, telegram_user_id=anna.id)
    worker = TelegramAccount(settings_of(session_file.parent), SHORT_TIMEOUTS)
    written: list[str] = []

    def write(text: str) -> None:
        telegram.world.write(anna, account, text)
        written.append(text)

    async def store() -> None:
        found = [worker.arrivals.get_nowait() for _ in range(worker.arrivals.qsize())]
        found += await worker.fetch_history(anna_peer, 0)
        for incoming in found:
            async with message_store.writing() as session:
                await inbox.receive(session, me.account_id, incoming, now=NOW, debounce=DEBOUNCE)

    async with opened(worker):
        write("вживую")
        telegram.faults.plan("duplicate")
        write("дважды")
        telegram.faults.plan("suppress")
        write("потеряно")
        telegram.faults.plan("reorder")
        write("не по порядку")
        write("следом")
        await until_async(lambda: worker.arrivals.qsize() >= 5)
        await store()
        await telegram.down()
        write("без связи")
        worker.session.reconnected.clear()
        await telegram.up()
        async with patience():
            await worker.session.reconnected.wait()
        await store()
    write("пока нас нет")
    async with opened(worker):
        await store()
        await store()
    rows = await messages_of(message_store, lead)
    await message_store.close()
    assert sorted(row.text for row in rows) == sorted(written)
    assert len({row.telegram_message_id for row in rows}) == len(rows)
