"""Claims due leads, runs their steps, settles the outcomes, then waits for work, a poll or a stop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.exc import IntegrityError, SQLAlchemyError, StatementError
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.backoff import GrowingPause, backoff
from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, LONGEST_PAUSE_SECONDS, Database
from shared.database.faults.error_classes import classify
from shared.database.models import Lead
from shared.errors import IllegalTransitionError, LostRaceError
from shared.leads.pauses import PAUSED
from shared.statuses import LeadStatus
from worker.dispatch import step_failures
from worker.dispatch.delivery import MessageSender
from worker.dispatch.lead_context import LeadContextLoader
from worker.dispatch.settlement import Settlement, SettlementResult
from worker.dispatch.step_runner import StepRunner
from worker.dispatch.steps.registry import StepDependencies
from worker.domain.assistant_port import AssistantError
from worker.domain.circuit_breaker import OutageTrackers
from worker.domain.conversation import Conversation
from worker.domain.outcomes import (
    Delivered,
    GiveUp,
    Outcome,
    Suppressed,
    Wait,
)
from worker.domain.telegram_port import (
    PeerFloodError,
    RateLimitedError,
    SessionRevokedError,
    SlotUnavailableError,
    TelegramError,
)
from worker.messaging.pause_scope import RECHECK_AFTER
from worker.outreach import new_leads
from worker.outreach.rate_limiter import OutreachRateLimiter
from worker.queue import leases
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups

log = logging.getLogger(__name__)

# How long a stop waits for leads in progress, and the pause after a database failure; seconds.
DRAIN_SECONDS, DATABASE_PAUSE_SECONDS = 10, 1


def _database_pause() -> GrowingPause:
    return GrowingPause(base=DATABASE_PAUSE_SECONDS, maximum=LONGEST_PAUSE_SECONDS)


@dataclass(eq=False, kw_only=True)
class Dispatcher:
    """Works on the leads of one account until `stop` is called."""

    database: Database
    worker_id: WorkerId
    dependencies: StepDependencies
    sender: MessageSender
    rate_limiter: OutreachRateLimiter
    contexts: LeadContextLoader
    settlement: Settlement
    # How long a lead stays leased to this worker without a renewal.
    lease: timedelta
    # Large enough that a slow model does not hold up the work on other leads.
    max_concurrent_leads: int
    outages: OutageTrackers
    # Called with a lead whose first message was recorded late, and with Telegram's id of that message.
    on_late_delivery: Callable[[Lead, int], None]
    clock: Clock
    wakeups: Wakeups
    _tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict, init=False)
    _reclaimed: dict[int, Lead] = field(default_factory=dict, init=False)
    _lost_leases: dict[int, int] = field(default_factory=dict, init=False)
    _stopping: bool = field(default=False, init=False)
    _pause: GrowingPause = field(default_factory=_database_pause, init=False)
    _claim_unconfirmed: bool = field(default=False, init=False)
    _was_full: bool = field(default=False, init=False)
    _session_revoked: SessionRevokedError | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Put together what runs the steps."""
        limit = self.settlement.max_attempts
        self._steps = StepRunner(
            self.dependencies, self.sender, self.rate_limiter, self.outages, self.clock, limit
        )

    def stop(self) -> None:
        """Claim no more leads; `run` returns when the leads in progress are done, after 10 s at most."""
        self._stopping = True
        self.wakeups.wake()

    async def run(self) -> None:
        """Work until stopped; raises SessionRevokedError if Telegram has revoked the session."""
        renewing = asyncio.create_task(self._renew_leases())
        try:
            while not self._stopping:
                await self._claim()
                await self.wakeups.wait()
        finally:
            renewing.cancel()
            log.info("stopping: no more leads are claimed, %d are in progress", len(self._tasks))
            await self._drain()
        if self._session_revoked is not None:
            raise self._session_revoked

    async def run_until_idle(self) -> None:
        """Do all work that is due now, and return. For tests and simulations that move the clock."""
        while await self._claim() or self._tasks:
            await asyncio.wait(list(self._tasks.values()), return_when=asyncio.FIRST_COMPLETED)
        if self._session_revoked is not None:
            raise self._session_revoked

    async def _claim(self) -> int:
        """Claim due leads and start work on them; returns how many were claimed."""
        free_slots = self.max_concurrent_leads - len(self._tasks)
        if free_slots <= 0:
            return 0
        try:
            async with self.database.autocommitting() as session:
                if self._claim_unconfirmed:
                    await leases.release_unacknowledged(session, self.worker_id, [*self._tasks])
                leads = await self._claim_due(session, free_slots)
        except (SQLAlchemyError, *DATABASE_DOWN) as error:
            self._claim_unconfirmed = True
            self.database.outage.note(error, log, "no leads are claimed")
            await asyncio.sleep(self._pause.failed())
            self.wakeups.wake()
            return 0
        self.database.outage.over(log)
        self._pause.succeeded()
        self._claim_unconfirmed = False
        self._was_full = len(leads) == free_slots
        for lead in leads:
            self._lost_leases[lead.id] = lead.lost_leases
            self._start(lead, lead.id)
        return len(leads)

    async def _claim_due(self, session: AsyncSession, limit: int) -> Sequence[Lead]:
        """Claim due conversations first, then new leads."""
        now = self.clock()
        suspects, quarantined = leases.count_suspects(self._lost_leases.values())
        request = leases.ClaimRequest(
            self.worker_id,
            now,
            self.lease,
            suspect_slots=leases.MAX_SUSPECT - suspects,
            quarantined_slots=leases.MAX_QUARANTINED - quarantined,
        )
        due = await new_leads.load_due_summary(session, self.worker_id, now=now)
        leads = await leases.claim(session, request, limit=limit) if due.running else []
        new = await self.rate_limiter.claim_new_leads(session, request, due, limit=limit - len(leads))
        if new.retry_at is not None:
            self.wakeups.wake_at(new.retry_at)
        return [*leads, *new.leads]

    def _start(self, lead: Lead, lead_id: int) -> None:
        if lead_id in self._tasks:
            # The previous task has released the lead and is about to end; it then starts the next task.
            self._reclaimed[lead_id] = lead
        else:
            self._tasks[lead_id] = asyncio.create_task(self._process(lead, lead_id))

    async def _process(self, lead: Lead, lead_id: int) -> None:
        try:
            current: Lead | None = lead
            while current is not None and not self._stopping:
                outcome, conversation = await self._outcome_of(current)
                current = await self._settle(current, outcome, conversation)
        except LostRaceError as lost:
            log.warning("lead %s: %s", lead_id, lost)
        except SessionRevokedError as ended:
            self._session_revoked = ended
            self.stop()
        finally:
            del self._tasks[lead_id]
            was_suspect = any(leases.count_suspects([self._lost_leases.pop(lead_id, 0)]))
            if (again := self._reclaimed.pop(lead_id, None)) is not None:
                self._lost_leases[lead_id] = again.lost_leases
                self._start(again, lead_id)
            # Suspects and new leads have limited slots: other leads may wait for this one.
            is_new = lead.status is LeadStatus.PENDING
            if was_suspect or (is_new and self.rate_limiter.limits_preparation):
                self.wakeups.wake()
            elif is_new or self._was_full:
                self.wakeups.wake_soon()

    async def _outcome_of(self, lead: Lead) -> tuple[Outcome, Conversation | None]:
        """Run the step of a lead; returns its outcome, and the conversation if it could be read."""
        conversation = None
        try:
            if leases.is_poison(lead, self.clock()):
                return GiveUp(
                    LeadStatus.FAILED, f"its worker was lost {lead.lost_leases} times in a row"
                ), None
            # The claim may be old: a worker that has lost the lease must neither send nor call the model.
            context = await self.contexts.load(lead)
            if context.suppressed_because is not None:
                return Suppressed(context.suppressed_because), None
            conversation = context.conversation
            if context.is_paused:
                return Wait(RECHECK_AFTER, PAUSED), conversation
            return await self._steps.run(conversation), conversation
        except (SessionRevokedError, LostRaceError):
            raise
        except (RateLimitedError, SlotUnavailableError) as error:
            return Wait(error.wait, str(error)), conversation
        except PeerFloodError as error:
            return Wait(await self.rate_limiter.on_peer_flood(error), str(error)), conversation
        except (TelegramError, AssistantError) as error:
            log.warning("lead %s: %s", lead.id, error)
            return self._steps.on_failure(conversation, error), conversation
        except DATABASE_DOWN as error:
            wait = timedelta(seconds=DATABASE_PAUSE_SECONDS)
            return Wait(wait, classify(error).text), conversation
        except Exception as error:  # a bug must cost one lead some attempts, never stop the worker
            log.exception("lead %s", lead.id)
            return self._steps.on_failure(conversation, error), conversation

    async def _settle(self, lead: Lead, outcome: Outcome, conversation: Conversation | None) -> Lead | None:
        """Record the outcome, retrying while the database is down: its effects cannot be repeated."""
        may_be_written, failures, pause = False, 0, _database_pause()
        while True:
            try:
                settled = await self._write(lead, outcome, may_be_written=may_be_written)
            except DATABASE_DOWN as error:
                may_be_written = True
                self.database.outage.note(error, log, "outcomes wait to be recorded")
                await asyncio.sleep(pause.failed())
                continue
            except (ValueError, OverflowError, TypeError, StatementError) as error:
                if step_failures.is_unstorable(outcome, error):
                    unstorable = step_failures.unstorable(error)
                    log.warning("lead %s: %s", lead.id, unstorable)
                    outcome = self._steps.on_failure(conversation, unstorable)
                    continue
                # A bug. The outcome is kept: to lose it would repeat its call to the model or its message.
                failures += 1
                if failures == 1:
                    log.exception("lead %s: its outcome waits to be recorded", lead.id)
                await asyncio.sleep(backoff(failures, base=1, maximum=60).total_seconds())
                continue
            if settled.due is not None:
                self.wakeups.wake_at(settled.due)
            if isinstance(outcome, Delivered) and outcome.is_late and outcome.telegram_message_id:
                self.on_late_delivery(lead, outcome.telegram_message_id)
            if settled.status is not lead.status:
                log.info("lead %s: %s → %s", lead.id, lead.status, settled.status)
            return settled.lead

    async def _write(self, lead: Lead, outcome: Outcome, *, may_be_written: bool) -> SettlementResult:
        try:
            return await self.settlement.settle(lead, outcome, now=self.clock())
        except (IllegalTransitionError, IntegrityError):
            if not may_be_written:
                raise
        # The first commit succeeded but its answer was lost. Release the lead, so that it is read again.
        async with self.database.writing() as session:
            await leases.release(session, self.worker_id, [lead.id])
        return SettlementResult(None, self.clock(), lead.status)

    async def _renew_leases(self) -> None:
        while True:
            await asyncio.sleep(self.lease.total_seconds() / 3)
            if not self._tasks:
                continue
            try:
                async with self.database.writing() as session:
                    until = self.clock() + self.lease
                    await leases.renew(session, self.worker_id, list(self._tasks), until=until)
            except DATABASE_DOWN:
                continue
            except Exception:
                # Whatever it is: without renewals, other workers would take the leads in progress.
                log.exception("leases are not renewed")

    async def _drain(self) -> None:
        """Let leads in progress finish, then release the rest."""
        if not self._tasks:
            return
        leads = list(self._tasks)
        _, late = await asyncio.wait(list(self._tasks.values()), timeout=DRAIN_SECONDS)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        try:
            async with self.database.writing() as session:
                await leases.release(session, self.worker_id, leads)
        except DATABASE_DOWN:
            log.warning("could not release leads: their leases will expire")
