"""Commands from Saved Messages are done once, and answered once."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from shared.database.engine import Database
from shared.database.models import Lead, OwnerMessage
from tests.support.fakes import World
from tests.support.rows import NOW, add_leased, add_message, messages_of, moves_of, now_of
from tests.support.settling import S
from worker.domain.telegram_port import Note, TelegramUnavailableError
from worker.notifications import owner_commands
from worker.notifications.owner_commands import OwnerReplySender
from worker.queue.leases import WorkerId


async def obey(database: Database, me: WorkerId, text: str, number: int = 1, lasts: Any = None) -> bool:  # noqa: ANN401
    async with database.writing() as session:
        note = Note(number, text)
        return await owner_commands.execute_command(
            session, me.account_id, note, now=NOW, takeover_lasts=lasts
        )


async def told(database: Database, me: WorkerId) -> list[OwnerMessage]:
    async with database.reading() as session:
        mine = col(OwnerMessage.account_id) == me.account_id
        return list(await session.exec(select(OwnerMessage).where(mine).order_by(col(OwnerMessage.id))))


async def talked_to(database: Database, me: WorkerId) -> Lead:
    lead = await add_leased(database, me, S.ENGAGED)
    await add_message(database, lead, telegram_message_id=me.account_id * 1000)
    return lead


async def test_take_and_release(kept_database: Database, me: WorkerId) -> None:
    lead = await talked_to(kept_database, me)
    assert await obey(kept_database, me, f"{lead.id} беру", 1, timedelta(hours=1))
    taken = await now_of(kept_database, lead)
    assert (taken.status, taken.returns_at) == (S.HANDED_OFF, NOW + timedelta(hours=1))
    assert await obey(kept_database, me, f"{lead.id} release", 2)
    # The words that nobody has answered are the assistant's to answer.
    back = await now_of(kept_database, lead)
    assert (back.status, back.due_at) == (S.ENGAGED, NOW)
    assert [to for _, to, _ in await moves_of(kept_database, lead)] == [S.HANDED_OFF, S.ENGAGED]
    first, second = [message.text for message in await told(kept_database, me)]
    assert first.startswith(f"Лид {lead.id}: чат ваш")
    assert "< Здравствуйте!" in first
    assert second == f"Lead {lead.id}: the assistant answers again."


async def test_a_reply_goes_out_once(kept_database: Database, me: WorkerId) -> None:
    lead = await talked_to(kept_database, me)
    note = f"{lead.id}: Это Мария"
    assert [await obey(kept_database, me, note, 7) for _ in range(3)] == [True, False, False]
    letter, reply = await messages_of(kept_database, lead)
    assert (letter.state, reply.kind, reply.state, reply.text) == ("handled", "human", "queued", "Это Мария")
    assert (await now_of(kept_database, lead)).due_at == NOW
    assert len(await told(kept_database, me)) == 1


async def test_what_cannot_be_done_changes_nothing(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, S.RESOLVED, telegram_user_id=None)
    await obey(kept_database, me, f"{lead.id}: Это Мария", 1)
    await obey(kept_database, me, "999999: Это Мария", 2)
    assert (await now_of(kept_database, lead)).status is S.RESOLVED
    first, second = [message.text for message in await told(kept_database, me)]
    assert first.startswith(f"Лид {lead.id}: не вышло: nobody has been found")
    assert second == "Лида 999999 нет."


@pytest.mark.parametrize(("note", "expected"), [("статус", "Лиды: "), ("help", "17 take")])
async def test_how_things_stand(kept_database: Database, me: WorkerId, note: str, expected: str) -> None:
    assert await obey(kept_database, me, note)
    assert (await told(kept_database, me))[0].text.startswith(expected)


async def test_other_notes_are_left_alone(kept_database: Database, me: WorkerId) -> None:
    assert not await obey(kept_database, me, "купить молока")
    assert await told(kept_database, me) == []


class Flaky(World):
    """A Telegram that fails once."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[tuple[str, int]] = []

    async def note(self, text: str, random_id: int) -> None:
        self.notes.append((text, random_id))
        if len(self.notes) == 1:
            raise TelegramUnavailableError("нет связи")


async def test_an_answer_is_tried_under_one_identity_and_not_kept(
    kept_database: Database, me: WorkerId
) -> None:
    await obey(kept_database, me, "help")
    world = Flaky()
    answers = OwnerReplySender(kept_database, me.account_id, world, lambda: NOW, asyncio.Event(), pause=0)
    running = asyncio.create_task(answers.run())
    deadline = time.monotonic() + 10
    while (await told(kept_database, me))[0].sent_at is None:
        assert time.monotonic() < deadline, "nothing was told"
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert len(set(world.notes)) == 1
    assert (await told(kept_database, me))[0].text == ""
