"""Edits: other words in a message that was answered are words to answer, each once."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from shared.database.engine import Database
from shared.database.models import LEADS
from shared.statuses import LeadStatus
from tests.support.rows import DEBOUNCE, NOW, add_leased, add_message, messages_of, now_of
from tests.worker.messaging.receiving import SECOND, incoming_message, receive
from worker.domain.telegram_port import Incoming
from worker.messaging import inbox
from worker.queue.leases import WorkerId


@pytest.mark.parametrize(
    ("before", "after", "stored"),
    [
        ("да", "не пишите мне больше", ["да", "[edited] не пишите мне больше"]),
        ("да, удобно", "да, неудобно", ["да, удобно", "[edited] да, неудобно"]),
        ("👍", "👎", ["👍", "[edited] 👎"]),
        # A letter is corrected, or nothing is said: that needs no second answer.
        ("давайте созвонмся", "Давайте созвонимся!", ["Давайте созвонимся!"]),
        ("да", "Да.", ["да"]),
        ("[live place: 55.7, 37.6]", "[live place: 55.8, 37.6]", ["[live place: 55.7, 37.6]"]),
        # One letter makes another time or another contact.
        ("давайте 15 июня", "давайте 15 июля", ["давайте 15 июня", "[edited] давайте 15 июля"]),
        ("давайте в десять", "давайте в девять", ["давайте в десять", "[edited] давайте в девять"]),
        ("пишите @ivanov", "пишите @ivanow", ["пишите @ivanov", "[edited] пишите @ivanow"]),
        ("почта anna@x", "почта anya@x", ["почта anna@x", "[edited] почта anya@x"]),
        # One letter turns a refusal round.
        ("не пишете больше", "не пишите больше", ["не пишете больше", "[edited] не пишите больше"]),
        ("длинно " * 2_900, "коротко", ["длинно " * 2_900, "[edited] коротко"]),
    ],
)
async def test_an_edit_after_the_answer_is_heard_once(
    kept_database: Database, me: WorkerId, before: str, after: str, stored: list[str]
) -> None:
    lead = await add_leased(
        kept_database, me, LeadStatus.ENGAGED, leased_by=None, leased_until=None, due_at=None
    )
    base = me.account_id * 1000
    await add_message(kept_database, lead, state="handled", telegram_message_id=base, text=before)
    edited = Incoming(lead.telegram_user_id or 0, base, after, NOW, edited=True, edited_at=NOW + SECOND)
    heard = [await receive(kept_database, me, edited, SECOND) is not None for _ in range(2)]
    assert heard == [len(stored) == 2, False]
    assert [message.text for message in await messages_of(kept_database, lead)] == stored
    due = NOW + SECOND + DEBOUNCE if len(stored) == 2 else None
    assert (await now_of(kept_database, lead)).due_at == due


async def test_edits_of_other_messages(kept_database: Database, me: WorkerId) -> None:
    """Before the answer the text is replaced, unless it is being answered now; unknown ones are ignored."""
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED, leased_by=None, leased_until=None)
    base = me.account_id * 1000
    edited = Incoming(lead.telegram_user_id or 0, base, "да, удобно", NOW, edited=True)
    assert await receive(kept_database, me, edited) is None
    await receive(kept_database, me, incoming_message(lead, base, "нет"))
    assert await receive(kept_database, me, edited) is None
    assert [message.text for message in await messages_of(kept_database, lead)] == ["да, удобно"]
    async with kept_database.writing() as session:
        await session.exec(update(LEADS).where(LEADS.c.id == lead.id).values(leased_by=me.lease_name))
    assert await receive(kept_database, me, replace(edited, text="не пишите")) is not None
    async with kept_database.writing() as session:
        await inbox.mark_deleted(session, me.account_id, [base])
    states = [(message.text, message.state) for message in await messages_of(kept_database, lead)]
    assert states == [("да, удобно", "deleted"), ("[edited] не пишите", "deleted")]


async def test_many_messages_are_deleted_at_once(kept_database: Database, me: WorkerId) -> None:
    lead = await add_leased(kept_database, me, LeadStatus.ENGAGED, leased_by=None, leased_until=None)
    base = me.account_id * 10_000
    await receive(kept_database, me, incoming_message(lead, base + 1_999, "да"))
    await add_message(kept_database, lead, key=f"{lead.id}:edit:{base}:0-x", text="[edited] нет")
    await add_message(kept_database, lead, key=f"{lead.id}:edit:{base}1:0-x", text="[edited] хорошо")
    async with kept_database.writing() as session:
        await inbox.mark_deleted(session, me.account_id, range(base, base + 2_000))
    states = [message.state for message in await messages_of(kept_database, lead)]
    assert states == ["deleted", "deleted", "received"]
