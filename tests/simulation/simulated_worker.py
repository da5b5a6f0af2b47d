"""One account's worker in this process: its own engine and client, on a clock that somebody else moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sandbox import sessions
from sandbox.app import Sandbox
from shared.clock import Clock
from shared.database.engine import Database
from worker.accounts import account_state
from worker.accounts.flood_waits import FloodWaits
from worker.assistant.assistant import ModelAssistant
from worker.assistant.client import Model
from worker.dialogue import persona
from worker.dispatch.dispatcher import Dispatcher
from worker.messaging.listener import Listener
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups
from worker.runtime.wiring import Parts, assemble, limits_of
from worker.settings import WorkerSettings
from worker.telegram.adapter import TelegramAccount

EVER = timedelta(days=3650)


class Alarms(Wakeups):
    """Wake-ups of a loop that nobody leaves to itself: `next` is the earliest that is still to come."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, EVER.total_seconds())
        self._now = clock
        self._moments: set[datetime] = set()

    def wake_at(self, moment: datetime) -> None:
        """Remember it; whoever moves the clock asks."""
        self._moments.add(moment)

    def next(self) -> datetime | None:
        """In UTC; None if nothing is set."""
        self._moments = {moment for moment in self._moments if moment > self._now()}
        return min(self._moments, default=None)


@dataclass(frozen=True)
class Office:
    """`work_off` does what is due; `user_id` is the account's in Telegram."""

    user_id: int
    account_id: int
    loop: Dispatcher
    alarms: Alarms
    telegram: TelegramAccount


def settings_of(folder: Path, sandbox: Sandbox, user_id: int, **changes: object) -> WorkerSettings:
    """A careful owner's settings; only what costs real time is left out."""
    usual: dict[str, object] = {
        "telegram_api_id": 1,
        "telegram_api_hash": "hash",
        "telegram_session_dir": folder,
        "telegram_session_name": f"account_{user_id}",
        "openai_api_key": "key",
        "openai_base_url": sandbox.openai_url,
        "calendly_link": "https://calendly.com/gordovcode/30min",
        "typing_seconds": 0,
        "outreach_hours": "09:00-20:00",
        "outreach_daily_limit": 38,
    }
    return WorkerSettings(_env_file=None, **usual | changes)


@asynccontextmanager
async def office(
    settings: WorkerSettings, sandbox: Sandbox, database: Database, user_id: int, clock: Clock
) -> AsyncIterator[Office]:
    """A connected worker of this account."""
    sessions.ensure(sandbox.telegram, settings.session_file, user_id)
    holds = FloodWaits(database, clock)
    telegram = TelegramAccount(settings, gate=holds)
    async with database.writing() as session:
        now = clock()
        number = await account_state.acquire(session, user_id, "month", "month", now=now, until=now + EVER)
        assert number is not None
        await account_state.register_account(session, number, None, limits_of(settings), now=now)
    await holds.load(number)
    polite = persona.load(settings.assistant_config)
    me, model, alarms = WorkerId(number, "month"), Model(settings), Alarms(clock)
    debounce = timedelta(seconds=settings.reply_debounce_seconds)
    listener = Listener(database, me, telegram, alarms, clock, debounce)
    parts = Parts(database, me, telegram, ModelAssistant(settings, model), clock, polite)
    engine = assemble(settings, parts, may_speak=lambda: True, look_back=listener.add_late_conversation)
    await telegram.session.open()
    listening = asyncio.create_task(listener.run(telegram.arrivals))
    try:
        yield Office(user_id, number, Dispatcher(engine, alarms), alarms, telegram)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await telegram.session.close()
        await model.close()
