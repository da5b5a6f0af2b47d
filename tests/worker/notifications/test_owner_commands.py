"""Tests the owner's commands from Saved Messages: each is executed once and answered once."""

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, select

from shared.database.engine import Database
from shared.database.models import Lead, OwnerMessage
from tests.support.fakes import World
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of, now_of
from tests.support.settling import S
from tests.support.waiting import until_async
from worker.domain.telegram_port import Note, Sent, TelegramUnavailableError
from worker.notifications.commands import owner_commands
from worker.notifications.commands.command_replies import OwnerReplySender
from worker.queue.leases import WorkerId


async def execute(
    database: Database,
    me: WorkerId,
    text: str,
    message_id: int = 1,
    takeover_lasts: timedelta | None = None,
) -> bool:
    async with database.writing() as session:
        note = Note(message_id, text)
        return await owner_commands.execute_command(
            session, me.account_id, note, now=NOW, takeover_lasts=takeover_lasts
        )


async def replies_to_owner(database: Database, me: WorkerId) -> list[OwnerMessage]:
    async with database.reading() as session:
        is_own = col(OwnerMessage.account_id) == me.account_id
        return list(await session.exec(select(OwnerMessage).where(is_own).order_by(col(OwnerMessage.id))))


async def add_conversation(database: Database, me: WorkerId) -> Lead:
    lead = await add_leased(database, me, S.ENGAGED)
    await add_message(database, lead, telegram_message_id=me.account_id * 1000)
    return lead


async def test_take_and_release_move_the_conversation(kept_database: Database, me: WorkerId) -> None:
    lead = await add_conversation(kept_database, me)
    assert await execute(kept_database, me, f"{lead.id} беру", 1, timedelta(hours=1))
    taken = await now_of(kept_database, lead)
    assert (taken.status, taken.returns_at) == (S.HANDED_OFF, NOW + timedelta(hours=1))
    assert await execute(kept_database, me, f"{lead.id} release", 2)
    # The unanswered message is due for the assistant at once.
    back = await now_of(kept_database, lead)
    assert (back.status, back.due_at) == (S.ENGAGED, NOW)
    assert [to for _, to, _ in await moves_of(kept_database, lead)] == [S.HANDED_OFF, S.ENGAGED]
    first, second = [message.text for message in await replies_to_owner(kept_database, me)]
    assert first.startswith(f"Лид {lead.id}: чат ваш")
    assert "< Здравствуйте!" in first
    assert second == f"Lead {lead.id}: the assistant answers again."


async def test_reply_is_queued_once_for_a_repeated_note(kept_database: Database, me: WorkerId) -> None:
    lead = await add_conversation(kept_database, me)
    note = f"{lead.id}: Это Мария"
    assert [await execute(kept_database, me, note, 7) for _ in range(3)] == [True, False, False]
    incoming, reply = await messages_of(kept_database, lead)
    assert (incoming.state, reply.kind, reply.state, reply.text) == (
        "handled",
        "human",
        "queued",
        "Это Мария",
    )
    assert (await now_of(kept_database, lead)).due_at == NOW
    assert len(await replies_to_owner(kept_database, me)) == 1


async def test_refused_command_changes_nothing(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED, telegram_user_id=None)
    await execute(kept_database, me, f"{lead.id}: Это Мария", 1)
    await execute(kept_database, me, "999999: Это Мария", 2)
    assert (await now_of(kept_database, lead)).status is S.RESOLVED
    first, second = [message.text for message in await replies_to_owner(kept_database, me)]
    assert first.startswith(f"Лид {lead.id}: не вышло: человек в Telegram ещё не найден")
    assert second == "Лида 999999 нет."


@pytest.mark.parametrize(("note", "expected"), [("статус", "Лиды: "), ("help", "17 take")])
async def test_status_and_help_are_answered(
    kept_database: Database, me: WorkerId, note: str, expected: str
) -> None:
    assert await execute(kept_database, me, note)
    assert (await replies_to_owner(kept_database, me))[0].text.startswith(expected)


async def test_other_notes_are_ignored(kept_database: Database, me: WorkerId) -> None:
    assert not await execute(kept_database, me, "купить молока")
    assert await replies_to_owner(kept_database, me) == []


async def test_a_command_that_is_late_or_fails_is_told(kept_database: Database, me: WorkerId) -> None:
    """Old ones, and those that arrive after newer ones, change nothing; neither does one that raises."""
    lead = await add_conversation(kept_database, me)
    assert await execute(kept_database, me, "статус", 5)
    old = Note(6, f"{lead.id}: Это Мария", sent_at=NOW - timedelta(days=1, minutes=1))
    for note in (old, Note(4, f"{lead.id} беру"), Note(7, f"{lead.id}: Мария \ud800")):
        for is_new in (True, False):
            async with kept_database.writing() as session:
                assert is_new is await owner_commands.execute_command(
                    session, me.account_id, note, now=NOW, takeover_lasts=None
                )
    answers = [message.text for message in await replies_to_owner(kept_database, me)][1:]
    assert ["слишком поздно" in one for one in answers] == [True, True, False]
    assert answers[2].startswith(f"«{lead.id}: Мария ?»: не выполнено из-за ошибки")
    assert (await now_of(kept_database, lead)).status is S.ENGAGED
    assert len(await messages_of(kept_database, lead)) == 1
    assert await execute(kept_database, me, f"{lead.id} беру", 8)
    assert (await now_of(kept_database, lead)).status is S.HANDED_OFF


class FailsOnce(World):
    """A Telegram whose first call fails."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[tuple[str, int]] = []

    async def send_note(self, text: str, random_id: int) -> Sent:
        self.notes.append((text, random_id))
        if len(self.notes) == 1:
            raise TelegramUnavailableError("нет связи")
        return Sent(None)


async def test_reply_is_retried_with_one_random_id_and_its_text_is_not_kept(
    kept_database: Database, me: WorkerId
) -> None:
    await execute(kept_database, me, "help")
    world = FailsOnce()
    sender = OwnerReplySender(
        kept_database, me.account_id, world, lambda: NOW, asyncio.Event(), retry_seconds=0
    )
    running = asyncio.create_task(sender.run())

    async def is_sent() -> bool:
        return (await replies_to_owner(kept_database, me))[0].sent_at is not None

    await until_async(is_sent, "the answer is sent")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(set(world.notes)) == 1
    assert (await replies_to_owner(kept_database, me))[0].text == ""


@pytest.mark.parametrize(
    ("text", "answer"),
    [("{}: вот прайс", "не отправлено"), ("{}: here it is", "not sent"), ("{}:", "не отправлено")],
)
async def test_a_reply_with_more_than_text_is_refused_whole(
    kept_database: Database, me: WorkerId, text: str, answer: str
) -> None:
    lead = await add_conversation(kept_database, me)
    note = Note(1, text.format(lead.id), has_more=True)
    async with kept_database.writing() as session:
        assert await owner_commands.execute_command(
            session, me.account_id, note, now=NOW, takeover_lasts=None
        )
    (message,) = await messages_of(kept_database, lead)
    assert (message.direction, message.state) == ("in", "received")
    assert (await now_of(kept_database, lead)).status is S.ENGAGED
    (reply,) = await replies_to_owner(kept_database, me)
    assert answer in reply.text


async def test_other_commands_may_come_with_a_file(kept_database: Database, me: WorkerId) -> None:
    lead = await add_conversation(kept_database, me)
    note = Note(1, f"{lead.id} беру", has_more=True)
    async with kept_database.writing() as session:
        await owner_commands.execute_command(session, me.account_id, note, now=NOW, takeover_lasts=None)
    assert (await now_of(kept_database, lead)).status is S.HANDED_OFF
    async with kept_database.writing() as session:
        unknown = Note(2, "999999999: вот прайс", has_more=True)
        await owner_commands.execute_command(session, me.account_id, unknown, now=NOW, takeover_lasts=None)
    assert (await replies_to_owner(kept_database, me))[-1].text == "Лида 999999999 нет."
