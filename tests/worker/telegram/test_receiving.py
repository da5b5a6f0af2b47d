"""Nothing that people write is missed or heard twice: live, while away, and after a lost link."""

import asyncio
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
from tests.worker.telegram.conftest import BRIEF, heard, opened, settings_of, until
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
    arrived = await heard(worker, 3)
    assert [message.text for message in arrived] == ["раз", "два", "три"]
    assert [message.message_id for message in arrived] == [message.id for message in written]
    assert {message.user_id for message in arrived} == {anna.id}
    assert arrived[0].sent_at == datetime.fromtimestamp(written[0].date, UTC)


@pytest.mark.parametrize(("media", "expected"), [("voice", "[voice message]"), ("photo", "[photo] вот")])
async def test_what_is_no_text_is_described(
    telegram: Telegram,
    account: Account,
    worker: TelegramAccount,
    anna: Person,
    media: Media,
    expected: str,
) -> None:
    telegram.world.write(anna, account, "вот" if media == "photo" else "", media)
    (message,) = await heard(worker, 1)
    assert message.text == expected


async def test_a_human_on_another_device_is_heard_and_the_worker_is_not(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, annas: Peer
) -> None:
    await worker.send(annas, "от нас", 1)
    typed = telegram.world.send(account, anna, "от человека с другого устройства").message
    assert typed is not None
    telegram.world.edit(account, anna.id, typed.id, "исправлено")
    telegram.world.write(anna, account, "от Анны")
    outgoing, incoming = await heard(worker, 2)
    sent_at = datetime.fromtimestamp(typed.date, UTC)
    assert outgoing == Outgoing(anna.id, typed.id, "от человека с другого устройства", sent_at)
    assert isinstance(incoming, Incoming)
    assert incoming.text == "от Анны"
    assert worker.arrivals.empty()


async def test_an_edited_message_says_so(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    written = telegram.world.write(anna, account, "да")
    await heard(worker, 1)
    telegram.world.edit(account, anna.id, written.id, "нет")
    (message,) = await heard(worker, 1)
    assert (message.message_id, message.text, message.edited) == (written.id, "нет", True)
    telegram.world.write(anna, account, "ещё")
    (message,) = await heard(worker, 1)
    assert (message.text, message.edited) == ("ещё", False)


async def test_what_is_taken_back_is_told(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    written = telegram.world.write(anna, account, "не то")
    telegram.world.delete(account, anna.id, written.id)
    assert (await heard(worker, 2))[1] == Deleted((written.id,))


async def test_what_is_written_while_we_are_away_arrives(
    telegram: Telegram, account: Account, anna: Person, session_file: Path
) -> None:
    worker = TelegramAccount(settings_of(session_file.parent), BRIEF)
    async with opened(worker):
        pass
    for text in ("раз", "два"):
        telegram.world.write(anna, account, text)
    async with opened(worker):
        assert [message.text for message in await heard(worker, 2)] == ["раз", "два"]
    assert worker.arrivals.empty()


async def test_what_is_written_while_the_link_is_down_arrives(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    telegram.world.write(anna, account, "до")
    await heard(worker, 1)
    worker.session.reconnected.clear()
    await telegram.down()
    telegram.world.write(anna, account, "пока нет связи")
    await telegram.up()
    async with asyncio.timeout(10):
        await worker.session.reconnected.wait()
    telegram.world.write(anna, account, "после")
    texts = {message.text for message in await heard(worker, 2)}
    assert texts == {"пока нет связи", "после"}


async def test_history_is_what_was_said_after_our_message(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, annas: Peer
) -> None:
    telegram.world.write(anna, account, "раньше")
    greeting = await worker.send(annas, "Здравствуйте!", 1)
    written = [telegram.world.write(anna, account, "да")]
    sent = await worker.send(annas, "Отлично!", 2)
    written.append(telegram.world.write(anna, account, "", "sticker"))
    found = await worker.history(annas, greeting.message_id or 0)
    assert [message.text for message in found] == ["да", "Отлично!", "[sticker 👍]"]
    assert [type(message) for message in found] == [Incoming, Outgoing, Incoming]
    assert [message.message_id for message in found] == [written[0].id, sent.message_id, written[1].id]
    assert {message.user_id for message in found} == {anna.id}


async def test_the_newest_of_every_chat(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, annas: Peer
) -> None:
    # More chats than fit on a page.
    people = [telegram.world.people.add(PersonFields(name=str(number))) for number in range(120)]
    newest = {person.id: telegram.world.write(person, account, "да").id for person in people}
    telegram.world.write(anna, account, "раз")
    newest[anna.id] = (await worker.send(annas, "два", 1)).message_id or 0
    assert await worker.newest(datetime(2020, 1, 1, tzinfo=UTC)) == newest
    # Chats untouched since then need no second page.
    found = await worker.newest(datetime.now(UTC) + timedelta(hours=1))
    assert found[anna.id] == newest[anna.id]
    assert len(found) == 100


async def test_history_has_the_last_hundred(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, annas: Peer
) -> None:
    for number in range(130):
        telegram.world.write(anna, account, str(number))
    found = await worker.history(annas, 0)
    assert [message.text for message in found] == [str(number) for number in range(30, 130)]


@pytest.fixture
async def book(sqlite_url: str) -> Database:
    """Where the worker keeps what it hears."""
    return Database(sqlite_url)


async def test_each_message_is_stored_once_whatever_happens(
    telegram: Telegram,
    account: Account,
    anna: Person,
    annas: Peer,
    session_file: Path,
    book: Database,
) -> None:
    """Live, twice, out of order, lost on the way, while away, and from history: one row each."""
    me = WorkerId(await add_account(book, account.id), "life1")
    lead = await add_leased(book, me, LeadStatus.CONTACTED, telegram_user_id=anna.id)
    worker = TelegramAccount(settings_of(session_file.parent), BRIEF)
    written: list[str] = []

    def write(text: str) -> None:
        telegram.world.write(anna, account, text)
        written.append(text)

    async def store() -> None:
        found = [worker.arrivals.get_nowait() for _ in range(worker.arrivals.qsize())]
        found += await worker.history(annas, 0)
        for incoming in found:
            async with book.writing() as session:
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
        await until(lambda: worker.arrivals.qsize() >= 5)
        await store()
        await telegram.down()
        write("без связи")
        worker.session.reconnected.clear()
        await telegram.up()
        async with asyncio.timeout(10):
            await worker.session.reconnected.wait()
        await store()
    write("пока нас нет")
    async with opened(worker):
        await store()
        await store()
    rows = await messages_of(book, lead)
    await book.close()
    assert sorted(row.text for row in rows) == sorted(written)
    assert len({row.telegram_message_id for row in rows}) == len(rows)
