"""Claims due leads, runs their steps, settles what comes out, then waits for work, a poll or a stop."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta

from shared.clock import Clock
from shared.db import DATABASE_DOWN, Database
from shared.errors import LostRaceError
from shared.models import Lead
from shared.status import LeadStatus
from worker import outbox, queue
from worker.outcomes import GiveUp, Outcome, Rest, Retry, Wait
from worker.pace import Pace
from worker.ports import (
    AssistantError,
    AssistantUnavailableError,
    PutOffError,
    RateLimitedError,
    SessionEndedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.queue import Me
from worker.retry import Outage
from worker.sender import Sender
from worker.settle import Policy, settle
from worker.steps import STEPS, Tools
from worker.wakeups import Wakeups
from worker.work import Work

log = logging.getLogger(__name__)

# Enough to hide a slow model behind others' work, few enough for one account.
MOST_IN_FLIGHT = 32
# How long a stop waits for work in hand, and how long the loop leaves a lost database alone; seconds.
DRAIN_SECONDS = 10
DATABASE_PAUSE_SECONDS = 1
# A lead during whose work the worker has died so often in a row is what kills it.
MOST_LOST_LEASES = 20


@dataclass(frozen=True)
class Engine:
    """Everything that working on a lead takes."""

    database: Database
    me: Me
    tools: Tools
    sender: Sender
    pace: Pace
    policy: Policy
    lease: timedelta
    telegram_outage: Outage
    assistant_outage: Outage
    clock: Clock


class Loop:
    """One worker's loop; `run` returns after `stop`, and raises SessionEndedError if the account is lost."""

    def __init__(self, engine: Engine, wakeups: Wakeups) -> None:
        self._engine = engine
        self._wakeups = wakeups
        self._working: dict[int, asyncio.Task[None]] = {}
        self._waiting: dict[int, Lead] = {}
        self._stopping = False
        self._lost: SessionEndedError | None = None

    def stop(self) -> None:
        """Take no more leads; `run` returns when those in hand are done."""
        self._stopping = True
        self._wakeups.wake()

    async def run(self) -> None:
        """Work until stopped."""
        renewing = asyncio.create_task(self._renew_leases())
        try:
            while not self._stopping:
                await self._claim()
                await self._wakeups.wait()
        finally:
            renewing.cancel()
            await self._drain()
        if self._lost is not None:
            raise self._lost

    async def _claim(self) -> None:
        room = MOST_IN_FLIGHT - len(self._working)
        if room <= 0:
            return
        engine = self._engine
        try:
            async with engine.database.writing() as session:
                leads = await queue.claim(
                    session, engine.me, now=engine.clock(), lease=engine.lease, limit=room
                )
        except DATABASE_DOWN as error:
            log.warning("the database does not answer: %s", type(error).__name__)
            await asyncio.sleep(DATABASE_PAUSE_SECONDS)
            self._wakeups.wake()
            return
        for lead in leads:
            if lead.id is not None:
                self._start(lead, lead.id)

    def _start(self, lead: Lead, lead_id: int) -> None:
        if lead_id in self._working:
            # Its last task has given it back and is about to end: it goes on from there.
            self._waiting[lead_id] = lead
        else:
            self._working[lead_id] = asyncio.create_task(self._work(lead, lead_id))

    async def _work(self, lead: Lead, lead_id: int) -> None:
        try:
            current: Lead | None = lead
            while current is not None and not self._stopping:
                outcome = await self._decide(current)
                current = await self._settle(current, outcome)
        except LostRaceError as lost:
            log.warning("lead %s: %s", lead_id, lost)
        except SessionEndedError as ended:
            self._lost = ended
            self.stop()
        finally:
            del self._working[lead_id]
            if (again := self._waiting.pop(lead_id, None)) is not None:
                self._start(again, lead_id)
            if len(self._working) == MOST_IN_FLIGHT - 1:
                self._wakeups.wake()

    async def _decide(self, lead: Lead) -> Outcome:
        engine = self._engine
        try:
            if lead.lost_leases >= MOST_LOST_LEASES:
                return GiveUp(LeadStatus.FAILED, f"its worker was lost {lead.lost_leases} times in a row")
            return await self._act(lead)
        except SessionEndedError:
            raise
        except PutOffError as error:
            return Wait(error.wait, str(error))
        except RateLimitedError as error:
            await engine.pace.hold_lookups(error.wait)
            return Wait(error.wait, str(error))
        except AssistantUnavailableError as error:
            return self._away(engine.assistant_outage, lead, error, error.wait)
        except TelegramUnavailableError as error:
            return self._away(engine.telegram_outage, lead, error, None)
        except (TelegramError, AssistantError) as error:
            log.warning("lead %s: %s", lead.id, error)
            return Retry(str(error))
        except DATABASE_DOWN as error:
            return Wait(timedelta(seconds=DATABASE_PAUSE_SECONDS), f"database: {type(error).__name__}")
        except Exception as error:  # a bug must cost one lead some tries, never the worker
            log.exception("lead %s", lead.id)
            return Retry(f"{type(error).__name__}: {error}")

    async def _act(self, lead: Lead) -> Outcome:
        engine = self._engine
        async with engine.database.reading() as session:
            work = Work(lead, await outbox.transcript(session, lead.id or 0))
        if work.queued is not None:
            outcome = await engine.sender.deliver(work, work.queued)
            engine.telegram_outage.over(work.id)
            return outcome
        if lead.status is LeadStatus.PENDING and (wait := await engine.pace.before_lookup()):
            return wait
        step = STEPS.get(lead.status)
        if step is None:
            return Rest()
        outcome = await step(work, engine.tools)
        outage = engine.telegram_outage if lead.status is LeadStatus.PENDING else engine.assistant_outage
        outage.over(work.id)
        return outcome

    def _away(self, outage: Outage, lead: Lead, error: Exception, wait: timedelta | None) -> Outcome:
        if not outage.lasts:
            log.warning("%s", error)
        pause = outage.failed(lead.id or 0)
        if pause is None:
            return Retry(str(error))
        return Wait(wait or pause, str(error))

    async def _settle(self, lead: Lead, outcome: Outcome) -> Lead | None:
        """Write the outcome down, however long the database is away: it is not to be had twice."""
        engine = self._engine
        while True:
            try:
                settled = await settle(
                    engine.database, engine.me, lead, outcome, now=engine.clock(), policy=engine.policy
                )
            except DATABASE_DOWN as error:
                log.warning("lead %s: the database does not answer: %s", lead.id, type(error).__name__)
                await asyncio.sleep(DATABASE_PAUSE_SECONDS)
                continue
            if settled.due is not None:
                self._wakeups.wake_at(settled.due)
            if settled.status is not lead.status:
                log.info("lead %s: %s → %s", lead.id, lead.status, settled.status)
            return settled.lead

    async def _renew_leases(self) -> None:
        engine = self._engine
        while True:
            await asyncio.sleep(engine.lease.total_seconds() / 3)
            if not self._working:
                continue
            try:
                async with engine.database.writing() as session:
                    until = engine.clock() + engine.lease
                    await queue.renew(session, engine.me, list(self._working), until=until)
            except DATABASE_DOWN:
                continue

    async def _drain(self) -> None:
        """Let what is in hand finish, then give the rest back."""
        if not self._working:
            return
        leads = list(self._working)
        _, late = await asyncio.wait(list(self._working.values()), timeout=DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        try:
            async with self._engine.database.writing() as session:
                await queue.release(session, self._engine.me, leads)
        except DATABASE_DOWN:
            log.warning("could not give leads back: their leases will run out")
