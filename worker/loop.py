"""Claims due leads, runs their steps, settles what comes out, then waits for work, a poll or a stop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.db import DATABASE_DOWN, Database
from shared.errors import IllegalTransitionError, LostRaceError
from shared.models import Lead
from shared.status import LeadStatus
from worker import openings, queue
from worker.looks import Looks
from worker.moves import Settled
from worker.outcomes import FROM_OUTSIDE, Delivered, GiveUp, LeaveAlone, Outcome, Rest, Retry, Say, Wait
from worker.pace import Pace
from worker.ports import (
    AssistantError,
    AssistantPausedError,
    AssistantUnavailableError,
    NotYetError,
    OutreachLimitedError,
    RateLimitedError,
    SessionEndedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.queue import Me
from worker.retry import Outage, Outages
from worker.sender import Sender
from worker.settle import Settling
from worker.steps import STEPS, Tools
from worker.wakeups import Wakeups
from worker.work import Work

log = logging.getLogger(__name__)

# How long a stop waits for work in hand, and how long the loop leaves a lost database alone; seconds.
DRAIN_SECONDS = 10
DATABASE_PAUSE_SECONDS = 1


@dataclass(frozen=True)
class Engine:
    """Everything that working on a lead takes."""

    database: Database
    me: Me
    tools: Tools
    sender: Sender
    pace: Pace
    looks: Looks
    settling: Settling
    lease: timedelta
    # Most leads worked on at a time: enough to hide a slow model behind others' work.
    most_in_hand: int
    outages: Outages
    # Told of a lead whose first message was late, and of Telegram's id of that message.
    look_back: Callable[[Lead, int], None]
    clock: Clock


class Loop:
    """One worker's loop; `run` returns after `stop`, and raises SessionEndedError if the account is lost."""

    def __init__(self, engine: Engine, wakeups: Wakeups) -> None:
        self._engine = engine
        self._wakeups = wakeups
        self._working: dict[int, asyncio.Task[None]] = {}
        self._waiting: dict[int, Lead] = {}
        self._losses: dict[int, int] = {}
        self._stopping = False
        self._claimed_unseen = False
        self._was_full = False
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

    async def work_off(self) -> None:
        """Do all that can be done by now, and return: for whoever moves the clock themselves."""
        while await self._claim() or self._working:
            await asyncio.wait(list(self._working.values()), return_when=asyncio.FIRST_COMPLETED)
        if self._lost is not None:
            raise self._lost

    async def _claim(self) -> int:
        """Start work on what is due; gives how many leads that is."""
        room = self._engine.most_in_hand - len(self._working)
        if room <= 0:
            return 0
        engine = self._engine
        try:
            async with engine.database.one_by_one() as session:
                if self._claimed_unseen:
                    await queue.release_others(session, engine.me, [*self._working])
                leads = await self._due(session, room)
        except DATABASE_DOWN as error:
            self._claimed_unseen = True
            log.warning("the database does not answer: %s", type(error).__name__)
            await asyncio.sleep(DATABASE_PAUSE_SECONDS)
            self._wakeups.wake()
            return 0
        self._claimed_unseen = False
        self._was_full = len(leads) == room
        for lead in leads:
            if lead.id is not None:
                self._losses[lead.id] = lead.lost_leases
                self._start(lead, lead.id)
        return len(leads)

    async def _due(self, session: AsyncSession, limit: int) -> Sequence[Lead]:
        """Running conversations before new ones."""
        engine, now = self._engine, self._engine.clock()
        doubted, suspected = queue.doubts(self._losses.values())
        claim = queue.Claim(
            engine.me,
            now,
            engine.lease,
            doubted=queue.MOST_DOUBTED - doubted,
            suspected=queue.MOST_SUSPECTED - suspected,
        )
        due = await openings.due(session, engine.me, now=now)
        leads = await queue.claim(session, claim, limit=limit) if due.running else []
        new = await engine.pace.begin(session, claim, due, limit=limit - len(leads))
        if new.again is not None:
            self._wakeups.wake_at(new.again)
        return [*leads, *new.leads]

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
            was_doubted = any(queue.doubts([self._losses.pop(lead_id, 0)]))
            if (again := self._waiting.pop(lead_id, None)) is not None:
                self._losses[lead_id] = again.lost_leases
                self._start(again, lead_id)
            # Only so many of either kind are in hand at a time: others may wait for the place.
            is_new = lead.status is LeadStatus.PENDING
            if was_doubted or (is_new and self._engine.pace.few_ahead):
                self._wakeups.wake()
            elif is_new or self._was_full:
                self._wakeups.wake_soon()

    async def _decide(self, lead: Lead) -> Outcome:
        engine = self._engine
        try:
            if queue.is_hopeless(lead, engine.clock()):
                return GiveUp(LeadStatus.FAILED, f"its worker was lost {lead.lost_leases} times in a row")
            return await self._act(lead)
        except (SessionEndedError, LostRaceError):
            raise
        except (RateLimitedError, NotYetError) as error:
            return Wait(error.wait, str(error))
        except OutreachLimitedError as error:
            return Wait(await engine.pace.refused(str(error)), str(error))
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
        # It may have been claimed long ago: nothing is said or asked for by somebody who has lost it.
        look = await engine.looks.at(lead)
        if look.silent is not None:
            return LeaveAlone(look.silent)
        work = look.work
        outage = engine.outages.of(work.next_call)
        try:
            outcome = await self._take_step(work)
        except (AssistantUnavailableError, TelegramUnavailableError) as error:
            return self._away(outage, work, error)
        # A pause, or a template in place of the model's words, does not say that somebody is there.
        if isinstance(outcome, FROM_OUTSIDE) and not (isinstance(outcome, Say) and outcome.without_model):
            outage.over(work.id)
        return outcome

    async def _take_step(self, work: Work) -> Outcome:
        engine = self._engine
        if work.queued is not None:
            return await engine.sender.deliver(work, work.queued)
        if work.has_draft:
            return Rest()
        if work.lead.status is LeadStatus.PENDING and (wait := engine.pace.before_opening(work.lead)):
            return wait
        step = STEPS.get(work.lead.status)
        return Rest() if step is None else await step(work, engine.tools)

    def _away(
        self, outage: Outage, work: Work, error: AssistantUnavailableError | TelegramUnavailableError
    ) -> Outcome:
        # A pause is logged where it begins.
        if not outage.lasts and not isinstance(error, AssistantPausedError):
            log.warning("%s", error)
        wait, for_everybody = None, False
        if isinstance(error, AssistantUnavailableError):
            wait, for_everybody = error.wait, error.for_everybody
        pause = outage.failed(work.id, blameless=for_everybody)
        return Retry(str(error)) if pause is None else Wait(wait or pause, str(error))

    async def _settle(self, lead: Lead, outcome: Outcome) -> Lead | None:
        """Write the outcome down, however long the database is away: it is not to be had twice."""
        engine = self._engine
        is_unsure = False
        while True:
            try:
                settled = await self._write(lead, outcome, is_unsure=is_unsure)
            except DATABASE_DOWN as error:
                is_unsure = True
                log.warning("lead %s: the database does not answer: %s", lead.id, type(error).__name__)
                await asyncio.sleep(DATABASE_PAUSE_SECONDS)
                continue
            if settled.due is not None:
                self._wakeups.wake_at(settled.due)
            if isinstance(outcome, Delivered) and outcome.is_late and outcome.telegram_message_id:
                engine.look_back(lead, outcome.telegram_message_id)
            if settled.status is not lead.status:
                log.info("lead %s: %s → %s", lead.id, lead.status, settled.status)
            return settled.lead

    async def _write(self, lead: Lead, outcome: Outcome, *, is_unsure: bool) -> Settled:
        engine = self._engine
        try:
            return await engine.settling.settle(lead, outcome, now=engine.clock())
        except (IllegalTransitionError, IntegrityError):
            if not is_unsure:
                raise
        # The commit whose answer was lost had arrived: the lead is given back and looked at afresh.
        async with engine.database.writing() as session:
            await queue.release(session, engine.me, [lead.id or 0])
        return Settled(None, engine.clock(), lead.status)

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
