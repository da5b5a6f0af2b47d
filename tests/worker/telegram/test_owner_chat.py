"""Commands in OWNER_CHAT over a real connection: replies to notices, for the owner's own account only."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.extras import Extras
from sandbox.fake_telegram.state.people import Account, Person, PersonFields
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import Lead, Message, OwnerMessage
from shared.leads.pauses import current
from tests.support.rows import add_account, add_leased, add_message, messages_of, now_of
from tests.support.settling import S
from tests.support.waiting import until_async
from tests.worker.telegram.conftest import texts_in_chat
from worker.notifications import notices
from worker.notifications.commands.answers import OwnerReplySender
from worker.notifications.notifier import OwnerNotifier
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups
from worker.runtime.wiring import build_listener
from worker.settings import WorkerSettings
from worker.telegram.adapter import TelegramAccount

OWNER = "anna_smirnova"
UTC = ZoneInfo("UTC")


class OwnerDay:
    """The parts of a worker that talk with the owner, on a connection and a database."""

    def __init__(
        self, telegram: Telegram, account: Account, owner: Person, worker: TelegramAccount, database: Database
    ) -> None:
        self.telegram, self.account, self.owner = telegram, account, owner
        self.worker, self.database = worker, database
        self.me = WorkerId(0, "life")

    async def start(self) -> list["asyncio.Task[None]"]:
        self.me = WorkerId(await add_account(self.database), "life")
        required = {"telegram_api_id": 1, "telegram_api_hash": "x", "openai_api_key": "x"}
        settings = WorkerSettings(
            _env_file=None, owner_chat=OWNER, calendly_link="https://calendly.com/we/30min", **required
        )
        self.notifier = OwnerNotifier(
            self.database,
            self.me.account_id,
            self.worker,
            utc_now,
            OWNER,
            "ru",
            60,
            UTC,
            model_trouble=lambda: None,
            may_send=lambda: True,
            bundle_after=timedelta(),
        )
        listener = build_listener(
            settings,
            database=self.database,
            worker_id=self.me,
            telegram=self.worker,
            clock=utc_now,
            wakeups=Wakeups(utc_now, 3600),
        )
        answers = OwnerReplySender(
            self.database,
            self.me.account_id,
            self.worker,
            utc_now,
            listener.note_handled,
            owner_chat=self.notifier.owner,
        )
        return [
            asyncio.create_task(listener.run(self.worker.arrivals)),
            asyncio.create_task(listener.check_unknown_senders()),
            asyncio.create_task(answers.run()),
        ]

    async def add_conversation(self, **fields: object) -> Lead:
        lead = await add_leased(self.database, self.me, S.ENGAGED, **fields)
        await add_message(self.database, lead, telegram_message_id=10_000 + lead.id)
        return lead

    async def tell(self, *notices_of: tuple[str, int | None]) -> int:
        """Send one bundle; returns its Telegram id."""
        async with self.database.writing() as session:
            for key, lead in notices_of:
                await notices.add(session, key, f"Лид {lead}, Анна: {key}.", now=utc_now(), lead_id=lead)
        await self.notifier.run_once()
        return self.telegram.world.chat(self.account.id, self.owner.id).messages[-1].id

    def write(self, text: str, to: int | None = None, by: Person | None = None, **extras: object) -> None:
        forwarded = bool(extras.pop("forwarded", False))
        self.telegram.world.write(
            by or self.owner,
            self.account,
            text,
            forwarded=forwarded,
            extras=Extras(reply_to=to, **extras),
        )

    async def answer(self) -> str:
        """Wait until every command has been answered; returns the newest text in the owner's chat."""
        seen = len(self.received())
        await until_async(lambda: self._more_than(seen), "the owner is answered")
        return self.received()[-1]

    async def _more_than(self, seen: int) -> bool:
        return len(self.received()) > seen

    def received(self) -> list[str]:
        chat = self.telegram.world.chat(self.account.id, self.owner.id)
        return [message.text for message in chat.messages if message.out]


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
