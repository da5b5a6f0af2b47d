"""Conversations under a real dispatcher, client and model server, on a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sandbox.fake_openai.state import OpenAIState
from shared.clock import Clock
from shared.database.engine import Database
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.support.fakes import World
from tests.support.rows import NOW, add_account, add_lead, add_message, now_of
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.providers import ModelProviders, build_model
from worker.dialogue.persona import Persona
from worker.dispatch.dispatcher import Dispatcher
from worker.domain.assistant_port import Assistant
from worker.domain.telegram_port import Peer, Sender, Sent
from worker.notifications.commands.owner_chat import SAVED_MESSAGES
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups
from worker.runtime.wiring import build_dispatcher
from worker.settings import WorkerSettings

_people = count(6_100_000_000)
_message_ids = count(5_000_000)


class ManyChats(World):
    """Every sent message has an id of its own."""

    async def send(self, peer: Peer, text: str, random_id: int) -> Sent:
        await super().send(peer, text, random_id)
        return Sent(next(_message_ids))

    async def fetch_profile(self, peer: Peer) -> Sender:
        return Sender(peer.user_id, peer.access_hash, (f"person_{peer.user_id}",))

    def received(self, lead: Lead) -> list[str]:
        """The texts that a person has received."""
        return [call[2] for call in self.asked if call[:2] == ("send", str(lead.telegram_user_id))]


class RecordedWakeups(Wakeups):
    """Records wake-ups instead of waiting."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, 3_600)
        self._now = clock
        self._moments: set[datetime] = set()

    def wake_at(self, moment: datetime) -> None:
        """Record a wake-up."""
        self._moments.add(moment)

    def next_moment(self) -> datetime | None:
        """The earliest wake-up in the future."""
        self._moments = {moment for moment in self._moments if moment > self._now()}
        return min(self._moments, default=None)


@dataclass
class MovingClock:
    """The time of the worker and of its client."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        """The time as a number."""
        return self.now.timestamp()


@dataclass
class Journey:
    """`calls`: when the model was called, and how often at that moment."""

    database: Database
    world: ManyChats
    server: OpenAIState
    client: ModelProviders
    account_id: int
    clock: MovingClock
    calls: list[tuple[datetime, int]] = field(default_factory=list)
    dispatcher: Dispatcher = field(init=False)
    wakeups: RecordedWakeups = field(init=False)

    @property
    def now(self) -> datetime:
        """The time of the clock."""
        return self.clock.now

    async def writes(self, text: str, **columns: Any) -> Lead:  # noqa: ANN401
        """A person who was greeted writes this; the debounce is over."""
        number = next(_people)
        usual: dict[str, Any] = {
            "status": LeadStatus.CONTACTED,
            "username": f"person_{number}",
            "telegram_user_id": number,
            "access_hash": 5,
            "account_id": self.account_id,
            "due_at": self.now,
            "updated_at": self.now,
        }
        lead = await add_lead(self.database, **usual | columns)
        if lead.status is LeadStatus.CONTACTED:
            await add_message(
                self.database,
                lead,
                direction="out",
                kind="greeting",
                state="sent",
                text="Здравствуйте! Удобно ли вам созвониться?",
                telegram_message_id=next(_message_ids),
            )
            await self.says(lead, text)
        return lead

    async def says(self, lead: Lead, text: str) -> None:
        """The person writes this."""
        await add_message(
            self.database, lead, text=text, telegram_message_id=next(_message_ids), created_at=self.now
        )

    async def run(self, seconds: float) -> None:
        """Let the worker do everything that is due within this time."""
        end = self.now + timedelta(seconds=seconds)
        while True:
            before = self.server.calls.counters().total
            await self.dispatcher.run_until_idle()
            if called := self.server.calls.counters().total - before:
                self.calls.append((self.now, called))
            following = self.wakeups.next_moment()
            if following is None or following > end:
                self.clock.now = end
                return
            self.clock.now = following

    async def row(self, lead: Lead) -> Lead:
        """The lead's current row."""
        return await now_of(self.database, lead)


@asynccontextmanager
async def journey(
    database: Database,
    url: str,
    server: OpenAIState,
    *,
    assistant: Assistant | None = None,
    **settings: object,
) -> AsyncIterator[Journey]:
    """Run a worker without real Telegram inside the block; `assistant` takes the place of the model."""
    usual: dict[str, Any] = {
        "telegram_api_id": 1,
        "telegram_api_hash": "hash",
        "openai_api_key": "sk-journey-0123456789",
        "openai_base_url": url,
        "calendly_link": "https://calendly.com/gordovcode/30min",
        "typing_seconds": 0,
        "outreach_gap_seconds": 0,
        "outreach_warmup_days": 0,
        "owner_chat": SAVED_MESSAGES,
    }
    worker_settings = WorkerSettings(_env_file=None, **usual | settings)
    account_id = await add_account(database)
    server.faults.clear()
    server.calls.clear()
    clock = MovingClock()
    client = build_model(worker_settings, clock=clock, seconds=clock.seconds)
    run = Journey(database, ManyChats(), server, client, account_id, clock)
    run.wakeups = RecordedWakeups(clock)
    run.dispatcher = build_dispatcher(
        worker_settings,
        database=database,
        worker_id=WorkerId(account_id, "life"),
        telegram=run.world,
        assistant=assistant or ModelAssistant(worker_settings, client),
        persona=Persona(),
        clock=clock,
        wakeups=run.wakeups,
        may_send=lambda: True,
        on_late_delivery=lambda *_: None,
    )
    try:
        yield run
    finally:
        await client.close()
        await asyncio.sleep(0)
