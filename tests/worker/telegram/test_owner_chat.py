"""Commands in OWNER_CHAT over a real connection: replies to notices, for the owner's own account only."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlmodel import select

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.extras import Extras
from sandbox.fake_telegram.state.people import Account, Person, PersonFields
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import Lead, Message, OwnerMessage
from shared.leads.pauses import current
from tests.support.owner_day import OWNER, OwnerDay
from tests.support.rows import messages_of, now_of
from tests.support.settling import S
from tests.support.waiting import until_async
from tests.worker.telegram.conftest import texts_in_chat
from worker.notifications.commands.owner_chat import OwnerChat
from worker.telegram.adapter import TelegramAccount


@pytest.fixture
async def day(
    telegram: Telegram, account: Account, anna: Person, worker: TelegramAccount, database: Database
) -> AsyncIterator[OwnerDay]:
    day = OwnerDay(telegram, account, anna, worker, database)
    tasks = await day.start()
    yield day
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_reply_to_a_notice_is_a_command_about_its_lead(day: OwnerDay) -> None:
    lead = await day.add_conversation()
    told = await day.tell(("event:1", lead.id))
    day.write("Беру!", told)
    assert (await day.answer()).startswith(f"Лид {lead.id}: чат ваш")
    assert (await now_of(day.database, lead)).status is S.HANDED_OFF
    # An answer to a command can be replied to as well.
    day.write("Добрый день, это Мария", day.telegram.world.chat(day.account.id, day.owner.id).messages[-1].id)
    assert await day.answer() == f"Лид {lead.id}: отправляю. Чат ваш, ассистент молчит."
    assert [one.text for one in await messages_of(day.database, lead)][-1] == "Добрый день, это Мария"
    # One word may be meant for us, and a word with more behind it, too.
    for words in ("спасибо", "👍", "верни, пожалуйста"):
        day.write(words, told)
        assert "ничего не отправлено" in await day.answer()
    day.write("верни", told)
    assert await day.answer() == f"Лид {lead.id}: ассистент снова отвечает."
    assert len(await messages_of(day.database, lead)) == 2


async def test_a_question_is_answered_and_a_draft_approved_by_a_reply(day: OwnerDay) -> None:
    asked, drafted = await day.add_conversation(), await day.add_conversation()
    async with day.database.writing() as session:
        session.add(
            Message(
                lead_id=drafted.id,
                account_id=day.me.account_id,
                direction="out",
                kind="answer",
                text="Да",
                key=f"{drafted.id}:answer",
                state="draft",
            )
        )
    question = await day.tell((f"question:{asked.id}:1", asked.id))
    draft = await day.tell(("draft:1", drafted.id))
    day.write("Да", question)
    assert await day.answer() == f"Лид {asked.id}: отправляю. Чат ваш, ассистент молчит."
    day.write("одобряю", draft)
    assert await day.answer() == f"Лид {drafted.id}: отправляю черновик."
    assert [one.state for one in await messages_of(day.database, drafted)][-1] == "queued"


async def test_a_reply_to_several_leads_asks_which(day: OwnerDay) -> None:
    one, other = await day.add_conversation(), await day.add_conversation()
    told = await day.tell(("event:1", one.id), ("event:2", other.id), ("summary:x", None))
    day.write("беру", told)
    assert (await day.answer()).startswith(f"О каком лиде речь: {one.id}, {other.id}? Напишите номер и слово")
    day.write("беру", told, quote=f"Лид {other.id}, Анна")
    assert (await day.answer()).startswith(f"Лид {other.id}: чат ваш")
    day.write(f"{one.id} беру", told)
    assert (await day.answer()).startswith(f"Лид {one.id}: чат ваш")
    day.write("беру", await day.tell(("summary:y", None)))
    assert (await day.answer()).startswith("Это сообщение не о лиде.")
    day.write("статус")
    assert (await day.answer()).startswith("Лиды: ")


async def test_nobody_else_commands_and_other_words_are_no_commands(
    day: OwnerDay, telegram: Telegram, account: Account
) -> None:
    lead = await day.add_conversation()
    told = await day.tell(("event:1", lead.id))
    other = telegram.world.people.add(PersonFields(name="Пётр", username="petr_x", phone="+79161234502"))
    day.write(f"{lead.id} беру", told, by=other)
    day.write("пауза", by=other)
    # What the owner forwards or types on the account's own device is not the owner's command.
    day.write("беру", told, forwarded=True)
    telegram.world.send(account, day.owner, f"{lead.id} беру", extras=Extras(reply_to=told))
    day.write("как дела?")
    day.write("17:30 созвон с Анной")
    day.write("помощь")
    assert (await day.answer()).startswith("17 беру")
    assert (await now_of(day.database, lead)).status is S.ENGAGED
    assert texts_in_chat(telegram, account, other) == [f"{lead.id} беру", "пауза"]
    async with day.database.reading() as session:
        assert await current(session) is None
        answered = await session.exec(select(OwnerMessage))
        assert [one.in_owner_chat for one in answered] == [True]


async def test_an_owner_who_tests_the_own_form_answers_the_assistant(day: OwnerDay) -> None:
    lead = await day.add_conversation()
    own = await day.add_conversation(telegram_user_id=day.owner.id)
    told = await day.tell(("event:1", lead.id))
    # These words may answer the assistant; a reply to the notice and a number with a word are commands.
    for words in ("стоп", f"{lead.id}: в пять"):
        day.write(words)
    day.write("беру", told)
    assert (await day.answer()).startswith(f"Лид {lead.id}: чат ваш")
    day.write(f"{lead.id} верни")
    assert await day.answer() == f"Лид {lead.id}: ассистент снова отвечает."
    said = [one.text for one in await messages_of(day.database, own)][1:]
    assert said == ["стоп", f"{lead.id}: в пять"]
    async with day.database.reading() as session:
        assert await current(session) is None


async def test_the_owner_is_the_user_and_not_the_username(
    day: OwnerDay, telegram: Telegram, account: Account
) -> None:
    """Both have to agree; somebody with one of the two commands nothing and is told nothing."""
    lead = await day.add_conversation()
    day.write("помощь")
    await day.answer()
    notes = telegram.world.chat(account.id, account.id)
    telegram.world.change_person(day.owner.model_copy(update={"username": "anna_new"}))
    day.write(f"{lead.id} беру")
    await until_async(lambda: _is(len(notes.messages) == 1), "the warning of the new name")
    other = telegram.world.people.add(PersonFields(name="Пётр", username=OWNER, phone="+79161234502"))
    for words in (f"{lead.id} беру", "пауза"):
        day.write(words, by=other)
    await until_async(lambda: _is(len(notes.messages) == 2), "the warning of the other user")
    # A worker that has just started looks the username up again.
    restarted = OwnerChat(day.worker, OWNER, day.database, day.me.account_id, utc_now, "ru")
    await restarted.send("Лид 17, Анна", 5)
    assert [one.text for one in notes.messages[2:]] == ["Лид 17, Анна"]
    assert [one.text.partition(" (")[0] for one in notes.messages[:2]] == [
        f"С вашего аккаунта пришла команда, но имени @{OWNER}",
        f"Имя @{OWNER}",
    ]
    assert (await now_of(day.database, lead)).status is S.ENGAGED
    async with day.database.reading() as session:
        assert await current(session) is None
    assert all(not one.out for one in telegram.world.chat(account.id, other.id).messages)
    # The account's own Saved Messages say who the owner is now.
    telegram.world.note(account, "новый владелец")
    await until_async(lambda: _is("заново" in notes.messages[-1].text), "the owner is confirmed")
    # What was refused stays so, although the next look for missed messages finds it.
    await day.listener.unknown_senders.add_missed(await day.worker.fetch_newest_ids(utc_now()))
    await until_async(lambda: _is("слишком поздно" in str(_sent_to(day, other))), "it is told")
    async with day.database.reading() as session:
        assert await current(session) is None
    # Telegram counts whole seconds.
    said = next(one.date for one in notes.messages if one.text == "новый владелец")
    await until_async(lambda: _is(utc_now().timestamp() >= said + 1), "a later second")
    day.write(f"{lead.id} беру", by=other)
    await until_async(lambda: _is_taken(day, lead), "the new account commands")
    # So do the senders that knew the former owner, and the one that found another user.
    taken = f"Лид {lead.id}: чат ваш"
    await until_async(lambda: _is(taken in str(_sent_to(day, other))), "the new owner is answered")
    await restarted.send("Лид 18, Пётр", 6)
    assert _sent_to(day, other)[-1] == "Лид 18, Пётр"


def _sent_to(day: OwnerDay, person: Person) -> list[str]:
    chat = day.telegram.world.chat(day.account.id, person.id)
    return [message.text for message in chat.messages if message.out]


async def _is(value: bool) -> bool:
    return value


async def _is_taken(day: OwnerDay, lead: Lead) -> bool:
    return (await now_of(day.database, lead)).status is S.HANDED_OFF


async def test_all_commands_of_a_gap_are_executed_in_order(
    day: OwnerDay, telegram: Telegram, account: Account
) -> None:
    lead, other = await day.add_conversation(), await day.add_conversation()
    told = await day.tell(("event:1", lead.id))
    # No update comes, and the recovery skips them: only the history of the chats has them.
    silence = telegram.faults.plan("suppress", times=None)
    telegram.faults.plan("difference_too_long", times=None)
    day.write(f"{lead.id} беру")
    day.write(f"{lead.id} верни")
    day.write("Добрый день, это Мария, завтра позвоню", told)
    day.write(f"{other.id} беру")
    telegram.world.note(account, "статус")
    telegram.faults.remove(silence.id)
    await day.tell(("event:2", lead.id))
    seen = len(day.received())
    for _ in range(2):
        await day.look_for_missed()
    await until_async(lambda: day.has_more_than(seen + 3), "all are answered")
    assert [text.partition(".")[0].partition(",")[0] for text in day.received()[seen:]] == [
        f"Лид {lead.id}: чат ваш",
        f"Лид {lead.id}: ассистент снова отвечает",
        f"Лид {lead.id}: отправляю",
        f"Лид {other.id}: чат ваш",
    ]
    assert telegram.world.chat(account.id, account.id).messages[-1].text.startswith("Лиды: ")
    assert len(await messages_of(day.database, lead)) == 2


async def test_a_command_before_many_other_messages_of_a_gap_is_executed(
    day: OwnerDay, telegram: Telegram, account: Account
) -> None:
    lead = await day.add_conversation()
    told = await day.tell(("event:1", lead.id))
    day.write("помощь", told)
    await day.answer()
    await day.look_for_missed()
    silence = telegram.faults.plan("suppress", times=None)
    telegram.faults.plan("difference_too_long", times=None)
    day.write(f"{lead.id} беру")
    for number in range(250):
        telegram.world.send(account, day.owner, f"заметка {number}")
    telegram.faults.remove(silence.id)
    # A chat that Telegram does not show for now does not end the look.
    telegram.faults.plan("error", "messages.GetHistory", code=400, message="PEER_ID_INVALID")
    await day.look_for_missed()
    assert (await now_of(day.database, lead)).status is S.ENGAGED
    await day.look_for_missed()
    await until_async(lambda: _is_taken(day, lead), "the oldest command is executed")
