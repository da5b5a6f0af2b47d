"""Updates: live, after a time offline, and from the chat history."""

from io import BytesIO
from pathlib import Path
from typing import get_args

import pytest
from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.extras import Extras, ServiceKind
from sandbox.fake_telegram.state.mailbox import Message
from sandbox.fake_telegram.state.people import Account, Person
from sandbox.fake_telegram.tl import messages as tl
from sandbox.fake_telegram.tl.media import KINDS
from tests.sandbox.fake_telegram.clients import Listener, session_client
from tests.support.waiting import until_async


async def test_a_live_message_is_pushed(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    telegram.world.write(anna, account, "Привет")
    await until_async(lambda: worker.messages)
    message = worker.messages[0]
    assert (message.text, message.outgoing, message.from_user.id) == ("Привет", False, anna.id)


async def test_a_live_message_can_be_pushed_in_short_form(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    telegram.settings.push_form = "short"
    telegram.calls.clear()
    telegram.world.write(anna, account, "Привет")
    await until_async(lambda: worker.texts == ["Привет"])
    assert worker.messages[0].from_user.first_name == "Анна"
    assert telegram.calls.counts["updates.GetDifference"] == 1


async def test_a_message_from_another_device_is_pushed(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    telegram.world.send(account, anna, "Это человек")
    await until_async(lambda: worker.messages)
    message = worker.messages[0]
    assert (message.outgoing, message.chat.id, message.from_user.id) == (True, anna.id, account.id)


async def test_own_messages_are_pushed_only_to_other_devices(
    telegram: Telegram, worker: Listener, anna: Person, tmp_path: Path
) -> None:
    async with session_client(telegram, tmp_path, "phone") as phone:
        await worker.send(telegram, anna, "раз", 1)
        await until_async(lambda: phone.texts == ["раз"])
    assert worker.texts == []


async def test_edits_and_read_marks_are_pushed(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    sent = await worker.send(telegram, anna, "раз", 1)
    message = telegram.world.write(anna, account, "Да")
    telegram.world.edit(account, anna.id, message.id, "Нет")
    await until_async(lambda: len(worker.updates) == 3)
    read, new, edited = worker.updates
    assert (read.max_id, new.message.message) == (sent.id, "Да")
    assert edited.message.message == "Нет"
    assert edited.message.edit_date


async def test_every_kind_of_media_is_received(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    kinds = ["sticker", "voice", "video_note", "photo", "document", "location", "contact", "poll", "dice"]
    for kind in kinds:
        telegram.world.write(anna, account, "", kind)
    await until_async(lambda: len(worker.messages) == len(kinds))
    assert [message.media.name.lower() for message in worker.messages] == kinds


@pytest.mark.parametrize("kind", KINDS)
async def test_every_kind_of_media_survives_the_wire(account: Account, kind: str) -> None:
    sent = tl.message(account, Message(1, 2, out=False, text="вот", date=1_800_000_000, media=kind))
    read = TLObject.read(BytesIO(sent.write()))
    assert type(read.media) is type(sent.media)
    assert read.write() == sent.write()


@pytest.mark.parametrize("kind", get_args(ServiceKind))
async def test_every_kind_of_service_message_survives_the_wire(account: Account, kind: str) -> None:
    done = Message(1, 2, out=False, text="", date=1_800_000_000, extras=Extras(service=kind))
    read = TLObject.read(BytesIO(tl.message(account, done).write()))
    assert isinstance(read, raw.types.MessageService)


async def test_the_parts_of_a_message_survive_the_wire(account: Account) -> None:
    extras = Extras(links={"тут": "https://example.com"}, reply_to=7, quote="Удобно?", album=3)
    whole = Message(1, 2, out=False, text="😀 тут", date=1_800_000_000, extras=extras)
    whole.reaction, whole.reaction_date, whole.has_reacted = "👍", 1_800_000_001, True
    read = TLObject.read(BytesIO(tl.message(account, whole).write()))
    (link,) = read.entities
    assert (link.offset, link.length, link.url) == (3, 3, "https://example.com")
    assert (read.reply_to.reply_to_msg_id, read.reply_to.quote_text, read.grouped_id) == (7, "Удобно?", 3)
    assert read.reactions.recent_reactions[0].reaction.emoticon == "👍"
    rich = Message(1, 2, out=False, text="", date=1, extras=Extras(rich=["Бриф", "Нужен сайт", "- раз"]))
    assert len(TLObject.read(BytesIO(tl.message(account, rich).write())).rich_message.blocks) == 3


async def test_a_reaction_is_pushed_in_either_form(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    await worker.send(telegram, anna, "Удобно созвониться?", 1)
    telegram.world.react(account, anna.id, "👍")
    telegram.settings.reaction_form = "both"
    telegram.world.react(account, anna.id, "")
    await until_async(lambda: len(worker.updates) == 3)
    edited, told, removed = worker.updates
    assert edited.message.reactions.results[0].reaction.emoticon == "👍"
    assert isinstance(told, raw.types.UpdateMessageReactions)
    assert (removed.message.reactions.results, removed.message.edit_hide) == ([], True)


async def test_the_difference_contains_messages_received_offline(
    telegram: Telegram, account: Account, anna: Person, tmp_path: Path
) -> None:
    async with session_client(telegram, tmp_path) as worker:
        await worker.send(telegram, anna, "раз", 1)
    telegram.world.write(anna, account, "Пока вас не было")
    telegram.world.write(anna, account, "И ещё")
    async with session_client(telegram, tmp_path) as worker:
        await until_async(lambda: worker.texts == ["раз", "Пока вас не было", "И ещё"])
        assert [message.outgoing for message in worker.messages] == [True, False, False]


async def test_a_long_difference_arrives_in_slices(
    telegram: Telegram, account: Account, anna: Person, tmp_path: Path
) -> None:
    telegram.settings.difference_slice = 2
    async with session_client(telegram, tmp_path):
        pass
    for number in range(5):
        telegram.world.write(anna, account, str(number))
    async with session_client(telegram, tmp_path) as worker:
        await until_async(lambda: worker.texts == ["0", "1", "2", "3", "4"])
    assert telegram.calls.counts["updates.GetDifference"] == 4


async def test_an_old_difference_is_too_long(
    telegram: Telegram, account: Account, anna: Person, tmp_path: Path
) -> None:
    telegram.settings.updates_kept = 2
    async with session_client(telegram, tmp_path) as worker:
        await worker.client.resolve_peer("anna_smirnova")
    for number in range(4):
        telegram.world.write(anna, account, str(number))
    async with session_client(telegram, tmp_path) as worker:
        assert telegram.calls.counts["updates.GetDifference"] == 3
        history = [one.text async for one in worker.client.get_chat_history(anna.id)]
        assert history == ["3", "2", "1", "0"]
        assert worker.texts == []


def chat_of(telegram: Telegram, account: Account, anna: Person, size: int) -> list[Message]:
    return [telegram.world.write(anna, account, str(number)) for number in range(size)]


async def test_history_from_min_id_is_inclusive(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    await worker.send(telegram, anna, "начало", 1)
    messages = chat_of(telegram, account, anna, 4)
    await until_async(lambda: len(worker.messages) == 4)
    since = worker.client.get_chat_history(anna.id, min_id=messages[2].id)
    assert [one.text async for one in since] == ["3", "2"]
    upto = worker.client.get_chat_history(anna.id, max_id=messages[1].id)
    assert [one.text async for one in upto] == ["1", "0", "начало"]


async def test_history_is_paginated(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    messages = chat_of(telegram, account, anna, 5)
    history = raw.functions.messages.GetHistory
    blank = {"offset_date": 0, "max_id": 0, "min_id": 0, "hash": 0}
    peer = await worker.peer(telegram, anna)
    query = history(peer=peer, offset_id=messages[3].id, add_offset=-1, limit=2, **blank)
    page = await worker.call(query)
    assert ([one.message for one in page.messages], page.count) == (["3", "2"], 5)
    query = history(peer=peer, offset_id=0, add_offset=4, limit=9, **blank)
    assert [one.message for one in (await worker.call(query)).messages] == ["0"]


async def test_dialogs_list_chats_with_messages(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    chat_of(telegram, account, anna, 2)
    dialogs = [dialog async for dialog in worker.client.get_dialogs()]
    assert [(one.chat.id, one.unread_messages_count, one.top_message.text) for one in dialogs] == [
        (anna.id, 2, "1")
    ]
    peer = raw.types.InputDialogPeer(peer=await worker.peer(telegram, anna))
    answer = await worker.call(raw.functions.messages.GetPeerDialogs(peers=[peer]))
    assert answer.dialogs[0].unread_count == 2
    assert answer.state.pts == telegram.world.mailboxes[account.id].pts


async def test_messages_are_found_by_id(
    telegram: Telegram, account: Account, worker: Listener, anna: Person
) -> None:
    [message] = chat_of(telegram, account, anna, 1)
    wanted = [raw.types.InputMessageID(id=message.id)]
    found = await worker.call(raw.functions.messages.GetMessages(id=wanted))
    assert [one.message for one in found.messages] == ["0"]
