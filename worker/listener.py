"""Stores what people write the moment it arrives, and catches up with history after a time away."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from shared.clock import Clock
from shared.db import DATABASE_DOWN, Database
from shared.models import Lead
from worker import inbox
from worker.ports import Incoming, RateLimitedError, SessionEndedError, Telegram, TelegramError
from worker.queue import Me
from worker.wakeups import Wakeups
from worker.work import Work

log = logging.getLogger(__name__)

# Conversations untouched for longer are not looked through: their people are heard by updates alone.
LOOK_BACK = timedelta(days=30)
# Updates can be lost without a trace (differenceTooLong), so history is looked through now and then.
CATCH_UP_SECONDS = 300
DATABASE_PAUSE_SECONDS = 1


@dataclass(frozen=True)
class Listener:
    """Two tasks of one worker: `run` for what arrives, `catch_up` for what may have been missed."""

    database: Database
    me: Me
    telegram: Telegram
    wakeups: Wakeups
    clock: Clock
    debounce: timedelta

    async def run(self, arrivals: asyncio.Queue[Incoming]) -> None:
        """Store each message of `arrivals`, in order, until cancelled."""
        while True:
            await self._receive(await arrivals.get())

    async def catch_up(self, reconnected: asyncio.Event) -> None:
        """Look through running conversations: at once, after each reconnection, and now and then."""
        while True:
            reconnected.clear()
            await self._look_through()
            try:
                async with asyncio.timeout(CATCH_UP_SECONDS):
                    await reconnected.wait()
            except TimeoutError:
                continue

    async def _receive(self, incoming: Incoming) -> None:
        while True:
            try:
                async with self.database.writing() as session:
                    lead = await inbox.receive(
                        session, self.me.account_id, incoming, now=self.clock(), debounce=self.debounce
                    )
            except DATABASE_DOWN as error:
                log.warning("a message waits for the database: %s", type(error).__name__)
                await asyncio.sleep(DATABASE_PAUSE_SECONDS)
                continue
            if lead is not None:
                log.info("lead %s: a message arrived", lead.id)
                self.wakeups.wake_at(self.clock() + self.debounce)
            return

    async def _look_through(self) -> None:
        try:
            async with self.database.reading() as session:
                leads = await inbox.conversations(session, self.me.account_id, since=self.clock() - LOOK_BACK)
            for lead in leads:
                await self._look_through_one(lead)
        except SessionEndedError:
            raise
        except (TelegramError, *DATABASE_DOWN) as error:
            log.warning("catching up was interrupted: %s", error if str(error) else type(error).__name__)

    async def _look_through_one(self, lead: Lead) -> None:
        async with self.database.reading() as session:
            after = await inbox.first_sent_id(session, lead.id or 0)
        # Before our first message there is nothing of this conversation, and perhaps much of another.
        if after is None:
            return
        try:
            written = await self.telegram.history(Work(lead, ()).peer, after)
        except RateLimitedError as error:
            await asyncio.sleep(error.wait.total_seconds())
            return
        for incoming in written:
            await self._receive(incoming)
