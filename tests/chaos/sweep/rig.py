"""One worker in this process for many rounds: real sockets and database, on a clock that the sweep moves."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlmodel import col, func, select

from sandbox import sessions
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, AccountFields
from shared.database.engine import Database
from shared.database.models import Lead
from tests.chaos.sweep.steps import STEP_SECONDS, place_of, run_step
from tests.simulation.month import SimulatedClock
from tests.simulation.simulated_worker import RecordedWakeups
from tests.support.fakes import Words
from tests.support.inline_sqlite import run_inline
from tests.support.waiting import patience_seconds, until_async
from worker.accounts import account_lease, account_state
from worker.accounts.flood_waits import FloodWaits
from worker.dialogue.persona import Persona
from worker.dispatch.dispatcher import Dispatcher
from worker.domain.telegram_port import TelegramError
from worker.messaging.listener import Listener
from worker.notifications.commands.owner_chat import SAVED_MESSAGES
from worker.notifications.notifier import OwnerNotifier
from worker.queue.leases import WorkerId
from worker.runtime.wiring import build_dispatcher, build_limits, build_listener, build_owner_notifier
from worker.settings import WorkerSettings
from worker.telegram.adapter import TelegramAccount
from worker.telegram.session.timeouts import Timeouts

START = datetime.fromisoformat("2026-11-02T10:00:00+03:00")
_TABLES = (
    "owner_notices",
    "owner_messages",
    "lead_events",
    "messages",
    "do_not_contact",
    "telegram_people",
    "account_holds",
    "account_calls",
    "leads",
)
# The worker reads missed messages as often.
CATCH_UP_EVERY = timedelta(minutes=5)
TEN_YEARS = timedelta(days=3650)


class Rig:
    """The parts of a worker; `new_round` replaces all but its connection."""

    def __init__(
        self,
        settings: WorkerSettings,
        database: Database,
        server: Telegram,
        account: Account,
        time: SimulatedClock,
        call_seconds: float,
    ) -> None:
        self.settings = settings
        self.database = database
        self.server = server
        self.account = account
        self.time = time
        self.flood_waits = FloodWaits(database, time)
        timeouts = Timeouts(start=5, call=call_seconds, down=60, ping=3600, reconnect=0.01)
        self.telegram = TelegramAccount(settings, timeouts, gate=self.flood_waits, max_stars=0)
        self.account_id = 0
        self.dispatcher: Dispatcher
        self.listener: Listener
        self.notifier: OwnerNotifier
        self.wakeups: RecordedWakeups
        # Without anything to do, time passes in such steps.
        self.longest_step = CATCH_UP_EVERY
        self._next_catch_up = time()
        self._tasks: list[asyncio.Task[None]] = []

    async def new_round(self) -> None:
        """Empty the database, and start over with new parts."""
        self.server.faults.clear()
        self.server.calls.clear()
        self.server.world.mailboxes[self.account.id].chats.clear()
        self.longest_step = CATCH_UP_EVERY
        self._next_catch_up = self.time()
        try:
            await self._empty_database()
        except OperationalError:
            # A transaction of the last round was cancelled: its connection is given up.
            gc.collect()
            await self.database.engine.dispose()
            await self._empty_database()
        await self.flood_waits.load(self.account_id)
        self._build()
        while not self.telegram.arrivals.empty():
            self.telegram.arrivals.get_nowait()
        await until_async(lambda: self.telegram.session.connected)

    async def _empty_database(self) -> None:
        async with self.database.writing() as session:
            for table in _TABLES:
                await session.exec(text(f"DELETE FROM {table}"))  # type: ignore[call-overload]
            now = self.time()
            number = await account_lease.acquire_lease(
                session, self.account.id, "sweep", "sweep", now=now, until=now + TEN_YEARS
            )
            self.account_id = number or 0
            await account_state.register_account(
                session, self.account_id, None, build_limits(self.settings), now=now
            )
            await account_state.set_state(session, self.account_id, "active", None, now=now)

    async def report(self) -> None:
        """Let the notifier look for what the owner has to know."""
        # While the method fails, the notice itself may have to wait.
        with suppress(TelegramError):
            await self.notifier.run_once()

    def start_tasks(self) -> None:
        """Start what runs beside the dispatcher."""
        self._tasks = [
            asyncio.create_task(self.listener.run(self.telegram.arrivals)),
            asyncio.create_task(self.listener.catch_up(self.telegram.session.reconnected)),
        ]

    def _build(self) -> None:
        me = WorkerId(self.account_id, "sweep")
        self.wakeups = RecordedWakeups(self.time)
        parts = {"database": self.database, "worker_id": me, "telegram": self.telegram, "clock": self.time}
        listener = build_listener(self.settings, **parts, wakeups=self.wakeups)  # type: ignore[arg-type]
        # Its pauses take real time.
        self.listener = replace(listener, retry_seconds=0.02)
        self.dispatcher = build_dispatcher(
            self.settings,
            **parts,  # type: ignore[arg-type]
            assistant=Words(),
            persona=Persona(),
            wakeups=self.wakeups,
            may_send=lambda: True,
            on_late_delivery=self.listener.add_late_conversation,
        )

        notifier = build_owner_notifier(
            self.settings,
            database=self.database,
            account_id=self.account_id,
            telegram=self.telegram,
            clock=self.time,
            model_trouble=lambda: None,
            machine_troubles=dict,
            check_storing=_storing_works,
            may_send=lambda: True,
        )
        assert notifier is not None
        self.notifier = notifier

    async def stop_tasks(self) -> None:
        """Stop the background tasks; raises what one of them raised."""
        ended = [task for task in self._tasks if task.done()]
        await self.kill_tasks()
        for task in ended:
            task.result()

    async def kill_tasks(self) -> None:
        """Stop the background tasks, once the leads in progress are done."""
        if leads := [*self.dispatcher._tasks.values()]:
            await asyncio.wait(leads, timeout=patience_seconds(STEP_SECONDS))
        # A task that is cancelled within a transaction may keep SQLite locked.
        if self._tasks and not any(task.done() for task in self._tasks):
            await until_async(self.telegram.arrivals.empty)
            await asyncio.sleep(0.01)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def run_for(self, duration: timedelta, until: Callable[[], Awaitable[bool]] | None = None) -> None:
        """Let simulated time pass, with all due work; ends early when `until` returns True."""
        end = self.time() + duration
        while True:
            await self._settle()
            if until is not None and await until():
                return
            moment = await self._next_moment()
            if moment > end:
                self.time.now = end
                return
            self.time.now = moment

    async def _settle(self) -> None:
        """Do all work that is due now; raises HotLoopError or StuckError."""
        await run_step(self._work(), self.server.calls.counts, self._describe_leads)

    async def _work(self) -> None:
        if self.time() >= self._next_catch_up:
            self._next_catch_up = self.time() + CATCH_UP_EVERY
            self.telegram.session.reconnected.set()
        # Updates and the answers of the catch-up arrive on real sockets.
        for _ in range(2):
            await until_async(lambda: self.telegram.session.connected)
            await asyncio.sleep(0.002)
            await self.dispatcher.run_until_idle()

    def _describe_leads(self) -> str:
        """Return where the leads in progress wait, and whether there is a link."""
        link = "linked" if self.telegram.session.connected else "no link"
        stacks = [place_of(task) for task in self.dispatcher._tasks.values()]
        return ", ".join([link, *stacks])

    async def _next_moment(self) -> datetime:
        async with self.database.reading() as session:
            due = (await session.exec(select(func.min(col(Lead.due_at))))).one()
        latest = self.time() + self.longest_step
        soonest = self.time() + timedelta(seconds=1)
        found = [moment for moment in (due, self.wakeups.next_moment()) if moment is not None]
        return max(min([*found, latest]), soonest)


@asynccontextmanager
async def rig(
    folder: Path, database_url: str, call_seconds: float, *, start: datetime = START
) -> AsyncIterator[Rig]:
    """Run a sandbox and a connected worker during the block; a call may take so long."""
    time = SimulatedClock(start)
    server = Telegram(clock=time.unix)
    await server.up()
    account = server.world.add_account(AccountFields(phone="+79990000001", username="gordovcode_ai"))
    settings = WorkerSettings(
        _env_file=None,
        telegram_api_id=1,
        telegram_api_hash="hash",
        telegram_session_dir=folder,
        telegram_session_name="sweep",
        openai_api_key="key",
        calendly_link="https://calendly.com/gordovcode/30min",
        greeting_mode="template",
        transcribe_model="whisper-1",
        keep_contacts=False,
        typing_seconds=0.01,
        reply_debounce_seconds=1,
        outreach_gap_seconds=1,
        lookup_gap_seconds=1,
        outreach_daily_limit=500,
        resolve_daily_limit=500,
        import_daily_limit=500,
        outreach_warmup_days=0,
        owner_chat=SAVED_MESSAGES,
    )
    sessions.ensure(server, settings.session_file, account.id)
    database = Database(database_url)
    if not database.is_postgres:
        run_inline(database)
    running = Rig(settings, database, server, account, time, call_seconds)
    await running.telegram.session.open()
    await running.new_round()
    try:
        yield running
    finally:
        await running.kill_tasks()
        await running.telegram.session.close()
        await database.close()
        await server.stop()


async def _storing_works() -> None:
    """The database never fails here."""
