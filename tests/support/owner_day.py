"""The parts of a worker that talk with the owner, on a connection and a database."""

import asyncio
import itertools
from datetime import timedelta
from zoneinfo import ZoneInfo

from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.extras import Extras
from sandbox.fake_telegram.state.people import Account, Person
from shared.clock import utc_now
from shared.database.engine import Database
from shared.database.models import Lead
from tests.support.rows import add_account, add_leased, add_message
from tests.support.settling import S
from tests.support.waiting import until_async
from worker.notifications import notices
from worker.notifications.commands.command_replies import OwnerReplySender
from worker.notifications.notifier import OwnerNotifier
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups
from worker.runtime.wiring import build_listener
from worker.settings import WorkerSettings
from worker.telegram.adapter import TelegramAccount

OWNER = "anna_smirnova"
UTC = ZoneInfo("UTC")
_PEOPLE = itertools.count(8_000_000_001)


class OwnerDay:
    """The parts of a worker that talk with the owner, on a connection and a database."""

    def __init__(
        self, telegram: Telegram, account: Account, owner: Person, worker: TelegramAccount, database: Database
    ) -> None:
        self.telegram, self.account, self.owner = telegram, account, owner
        self.worker, self.database = worker, database
        self.me = WorkerId(0, "life")

    async def start(self) -> list["asyncio.Task[None]"]:
        self.me = WorkerId(await add_account(self.database, self.account.id), "life")
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
        listener = self.listener = build_listener(
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

    async def look_for_missed(self) -> None:
        """Look for what no update has brought, as after each reconnection."""
        await self.listener.missed_commands.look(await self.worker.fetch_newest_ids(utc_now()))

    async def add_conversation(self, **fields: object) -> Lead:
        # Apart from the sandbox's own people: one of them is the owner.
        person = {"telegram_user_id": next(_PEOPLE)}
        lead = await add_leased(self.database, self.me, S.ENGAGED, **person | fields)
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
        await until_async(lambda: self.has_more_than(seen), "the owner is answered")
        return self.received()[-1]

    async def has_more_than(self, seen: int) -> bool:
        """Return True if the owner has more texts than `seen`."""
        return len(self.received()) > seen

    def received(self) -> list[str]:
        chat = self.telegram.world.chat(self.account.id, self.owner.id)
        return [message.text for message in chat.messages if message.out]
