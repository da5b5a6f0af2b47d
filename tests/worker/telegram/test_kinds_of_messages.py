"""Every kind of message arrives: live, after a reconnection, from the history, and beside unreadable ones."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import pytest

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.extras import Extras, ServiceKind
from sandbox.fake_telegram.state.people import Account, Person
from sandbox.fake_telegram.tl.media import KINDS
from tests.support.waiting import patience
from tests.worker.telegram.conftest import SHORT_TIMEOUTS, next_arrivals, opened, settings_of
from worker.domain.telegram_port import Incoming, Note, Outgoing, Peer, Reaction
from worker.telegram.adapter import TelegramAccount

# Kurigram's own parser raises on these.
TRAPS = ("photo_without_sizes", "story", "giveaway", "giveaway_results")


def write_everything(telegram: Telegram, account: Account, anna: Person) -> list[str]:
    """Write one message of every kind; returns the stored beginnings of their texts."""
    for kind in KINDS:
        telegram.world.write(anna, account, "вот", kind)
    for service in get_args(ServiceKind):
        telegram.world.write(anna, account, "", extras=Extras(service=service))
    telegram.world.write(anna, account, "", extras=Extras(rich=["Бриф", "Нужен сайт"]))
    telegram.world.write(anna, account, "тут", extras=Extras(links={"тут": "https://example.com"}))
    telegram.world.write(anna, account, "да", extras=Extras(reply_to=1, quote="Удобно?"))
    return [*["["] * (len(KINDS) + len(get_args(ServiceKind)) + 1), "тут (", "[reply to “Удобно?”] да"]


def assert_all_arrived(found: list[Any], beginnings: list[str]) -> None:
    assert all(isinstance(one, Incoming) for one in found)
    for one, beginning in zip(found, beginnings, strict=True):
        # A link preview is not a mark next to its text.
        assert one.text.startswith(beginning) or one.text == "вот", one.text


async def test_every_kind_arrives_live_and_in_order(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    beginnings = write_everything(telegram, account, anna)
    found = await next_arrivals(worker, len(beginnings))
    assert_all_arrived(found, beginnings)
    assert [one.message_id for one in found] == sorted(one.message_id for one in found)


async def test_every_kind_arrives_after_a_reconnection(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    telegram.world.write(anna, account, "до")
    await next_arrivals(worker, 1)
    await telegram.down()
    beginnings = write_everything(telegram, account, anna)
    await telegram.up()
    found = await next_arrivals(worker, len(beginnings))
    assert_all_arrived(sorted(found, key=lambda one: one.message_id), beginnings)


async def test_every_kind_arrives_that_was_written_while_stopped(
    telegram: Telegram, account: Account, anna: Person, session_file: Path
) -> None:
    worker = TelegramAccount(settings_of(session_file.parent), SHORT_TIMEOUTS)
    async with opened(worker):
        pass
    beginnings = write_everything(telegram, account, anna)
    async with opened(worker):
        assert_all_arrived(await next_arrivals(worker, len(beginnings)), beginnings)


async def test_every_kind_is_in_the_history(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    greeting = await worker.send(anna_peer, "Удобно созвониться?", 1)
    beginnings = write_everything(telegram, account, anna)
    # The reaction is on the message after which the history is read.
    telegram.world.react(account, anna.id, "👍", greeting.message_id)
    found = await worker.fetch_history(anna_peer, greeting.message_id or 0)
    reaction, *messages = found
    assert isinstance(reaction, Reaction)
    assert (reaction.emoji, reaction.text) == ("👍", "Удобно созвониться?")
    assert_all_arrived(messages, beginnings)


@pytest.mark.parametrize("kind", TRAPS)
async def test_a_trap_of_the_parser_costs_neither_itself_nor_its_neighbours(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, kind: str
) -> None:
    telegram.world.write(anna, account, "до")
    telegram.world.write(anna, account, "вот", kind, extras=Extras(no_users=True))
    telegram.world.write(anna, account, "после")
    before, trap, after = await next_arrivals(worker, 3)
    assert (before.text, after.text) == ("до", "после")
    assert trap.text.startswith("[")
    assert trap.text.endswith("вот")
    assert trap.sender is None
    assert before.sender.access_hash == telegram.world.access_hash(account.id, anna.id)


@pytest.mark.parametrize("form", ["edit", "both"])
async def test_reactions_arrive_live(
    telegram: Telegram,
    account: Account,
    worker: TelegramAccount,
    anna: Person,
    anna_peer: Peer,
    form: Literal["edit", "both"],
) -> None:
    telegram.settings.reaction_form = form
    await worker.send(anna_peer, "Удобно созвониться?", 1)
    for emoji in ("👍", "❤", ""):
        telegram.world.react(account, anna.id, emoji)
    found = await next_arrivals(worker, 3 if form == "edit" else 6)
    assert all(isinstance(one, Reaction) for one in found)
    assert [one.emoji for one in found if one.text] == ["👍", "❤", ""]


async def test_a_reaction_during_a_lost_link_arrives(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    await worker.send(anna_peer, "Удобно созвониться?", 1)
    worker.session.reconnected.clear()
    await telegram.down()
    telegram.world.react(account, anna.id, "👍")
    await telegram.up()
    async with patience():
        await worker.session.reconnected.wait()
    (reaction,) = await next_arrivals(worker, 1)
    assert (reaction.emoji, reaction.user_id) == ("👍", anna.id)


async def test_a_reaction_without_any_update_is_found_once(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    await worker.send(anna_peer, "Удобно созвониться?", 1)
    telegram.faults.plan("suppress")
    telegram.world.react(account, anna.id, "👍")
    for _ in range(3):
        await worker.fetch_newest_ids(datetime.now(UTC))
    (reaction,) = await next_arrivals(worker, 1)
    assert (reaction.emoji, reaction.text) == ("👍", "Удобно созвониться?")
    assert worker.arrivals.empty()
    assert telegram.calls.counts["messages.GetUnreadReactions"] == 1


async def test_reactions_are_looked_for_again_after_an_outage(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    await worker.send(anna_peer, "Удобно созвониться?", 1)
    telegram.faults.plan("suppress")
    telegram.world.react(account, anna.id, "👍")
    telegram.faults.plan("error", "messages.GetUnreadReactions", code=500, message="INTERNAL")
    for _ in range(3):
        await worker.fetch_newest_ids(datetime.now(UTC))
    (reaction,) = await next_arrivals(worker, 1)
    assert reaction.emoji == "👍"
    assert telegram.calls.counts["messages.GetUnreadReactions"] == 2


async def test_reactions_are_marked_as_read_with_the_messages(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    chat = telegram.world.chat(account.id, anna.id)
    for number in (1, 2):
        await worker.send(anna_peer, f"Удобно созвониться? {number}", number)
        telegram.faults.plan("suppress")
        telegram.world.react(account, anna.id, "👍")
        await worker.fetch_newest_ids(datetime.now(UTC))
        await next_arrivals(worker, 1)
        assert chat.unread_reactions
        # There may be no message of theirs to mark.
        await worker.show_typing(anna_peer, None)
        assert not chat.unread_reactions
    await worker.show_typing(anna_peer)
    assert telegram.calls.counts["messages.ReadReactions"] == 2


async def test_a_forwarded_message_tells_from_whom_it_is(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    telegram.world.write(anna, account, "Да, позвоните", forwarded=True)
    (message,) = await next_arrivals(worker, 1)
    assert isinstance(message, Incoming)
    assert message.text == "[forwarded from Пётр] Да, позвоните"


async def test_reactions_that_are_refused_do_not_hide_the_chats(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person, anna_peer: Peer
) -> None:
    await worker.send(anna_peer, "Удобно созвониться?", 1)
    telegram.world.react(account, anna.id, "👍")
    telegram.faults.plan("error", "messages.GetUnreadReactions", code=400, message="PEER_ID_INVALID")
    assert anna.id in await worker.fetch_newest_ids(datetime.now(UTC))


async def test_calls_of_both_sides(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    telegram.world.write(anna, account, "", extras=Extras(service="call"))
    telegram.world.send(account, anna, "", extras=Extras(service="call", seconds=130))
    telegram.world.send(account, anna, "", extras=Extras(service="pin"))
    telegram.world.write(anna, account, "", extras=Extras(service="call", seconds=60))
    missed, ours, theirs = await next_arrivals(worker, 3)
    assert (type(missed), missed.text) == (Incoming, "[missed call]")
    assert (type(ours), ours.text) == (Outgoing, "[call, 2 min]")
    assert (type(theirs), theirs.text) == (Outgoing, "[call, 1 min]")


async def test_an_edit_keeps_what_comes_with_the_text(
    telegram: Telegram, account: Account, worker: TelegramAccount, anna: Person
) -> None:
    written = telegram.world.write(anna, account, "вот", "document", extras=Extras(details=["прайс.pdf"]))
    telegram.world.edit(account, anna.id, written.id, "вот новый")
    _, edited = await next_arrivals(worker, 2)
    assert (edited.text, edited.edited) == ("[file: прайс.pdf] вот новый", True)


async def test_a_note_with_a_file(telegram: Telegram, account: Account, worker: TelegramAccount) -> None:
    telegram.world.note(account, "17: вот прайс", media="document")
    telegram.world.note(account, "17: вот", extras=Extras(links={"вот": "https://example.com"}))
    telegram.world.note(account, "17: вот")
    found = await next_arrivals(worker, 3)
    assert all(isinstance(one, Note) for one in found)
    assert [one.has_more for one in found] == [True, True, False]
