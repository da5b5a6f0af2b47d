"""One account's worker in this process: the real dispatcher and client, on a clock that the test moves."""

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
from worker.accounts import account_lease, account_state
from worker.accounts.flood_waits import FloodWaits
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.client import OpenAIModelClient
from worker.dialogue import persona
from worker.dispatch.dispatcher import Dispatcher
from worker.follow_ups.enrolment import Enrolment
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups
from worker.runtime.periodic_jobs import build_enrolment
from worker.runtime.wiring import build_dispatcher, build_limits, build_listener
from worker.settings import WorkerSettings
from worker.telegram.adapter import TelegramAccount

TEN_YEARS = timedelta(days=3650)


class RecordedWakeups(Wakeups):
    """Records wake-ups instead of waiting; the simulation moves the clock to the earliest of them."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, TEN_YEARS.total_seconds())
        self._now = clock
        self._moments: set[datetime] = set()

    def wake_at(self, moment: datetime) -> None:
        """Record a wake-up."""
        self._moments.add(moment)

    def next_moment(self) -> datetime | None:
        """The earliest future wake-up in UTC, or None."""
        self._moments = {moment for moment in self._moments if moment > self._now()}
        return min(self._moments, default=None)


@dataclass(frozen=True)
class SimulatedWorker:
    """`dispatcher.run_until_idle` does the due work; `user_id` is the account's id in Telegram."""

    user_id: int
    account_id: int
    dispatcher: Dispatcher
    wakeups: RecordedWakeups
    telegram: TelegramAccount
    enrolment: Enrolment


def settings_of(folder: Path, sandbox: Sandbox, user_id: int, **changes: object) -> WorkerSettings:
    """The settings of a careful owner, without the pauses that would cost real time."""
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
async def simulated_worker(
    settings: WorkerSettings, sandbox: Sandbox, database: Database, user_id: int, clock: Clock
) -> AsyncIterator[SimulatedWorker]:
    """Run a connected worker of this account inside the block."""
    sessions.ensure(sandbox.telegram, settings.session_file, user_id)
    flood_waits = FloodWaits(database, clock)
    telegram = TelegramAccount(settings, gate=flood_waits)
    async with database.writing() as session:
        now = clock()
        number = await account_lease.acquire_lease(
            session, user_id, "month", "month", now=now, until=now + TEN_YEARS
        )
        assert number is not None
        await account_state.register_account(session, number, None, build_limits(settings), now=now)
    await flood_waits.load(number)
    me, model, wakeups = WorkerId(number, "month"), OpenAIModelClient(settings), RecordedWakeups(clock)
    listener = build_listener(
        settings, database=database, worker_id=me, telegram=telegram, clock=clock, wakeups=wakeups
    )
    dispatcher = build_dispatcher(
        settings,
        database=database,
        worker_id=me,
        telegram=telegram,
        assistant=ModelAssistant(settings, model),
        persona=persona.load(settings.assistant_config),
        clock=clock,
        wakeups=wakeups,
        may_send=lambda: True,
        on_late_delivery=listener.add_late_conversation,
    )
    await telegram.session.open()
    listening = asyncio.create_task(listener.run(telegram.arrivals))
    try:
        enrolment = build_enrolment(settings, database, number, persona.load(settings.assistant_config))
        yield SimulatedWorker(user_id, number, dispatcher, wakeups, telegram, enrolment)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
        await telegram.session.close()
        await model.close()
