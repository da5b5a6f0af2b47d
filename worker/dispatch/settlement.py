"""Turns a step's outcome into rows, in one transaction that begins by checking the lease."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Database
from shared.database.models import Lead
from shared.errors import IllegalTransitionError, LostRaceError
from shared.group_commit import GroupCommit
from shared.leads import handoff, suppression_list
from shared.leads.handoff import HandoffError
from shared.leads.suppression_list import PERSON, SuppressedIdentity
from shared.leads.transitions import CLEAR_FAILURES
from shared.statuses import LeadStatus, may_become
from worker.dispatch import strides
from worker.dispatch.moves import ACTOR, Moves, RetryPolicy, SettlementResult
from worker.dispatch.strides import Decision
from worker.domain.backoff import backoff
from worker.domain.outcomes import (
    ChangeStatus,
    Delivered,
    FallBackToPhone,
    GiveUp,
    NoReplyNeeded,
    NothingToDo,
    Outcome,
    PeerFound,
    QueueMessage,
    Retry,
    ReturnToAssistant,
    Suppressed,
    Transcribed,
    Undeliverable,
    Wait,
)
from worker.messaging import inbox, outbox, repeat_requests
from worker.queue import leases
from worker.queue.leases import WorkerId


class Settlement:
    """One worker's settlements: those that come at the same time are written in one transaction."""

    def __init__(self, database: Database, me: WorkerId, policy: RetryPolicy) -> None:
        self._database = database
        self._me = me
        self._policy = policy
        self._together = GroupCommit(self._write)

    async def settle(self, lead: Lead, outcome: Outcome, *, now: datetime) -> SettlementResult:
        """Write an outcome down; says whether there is more to do now, or when.

        Raises LostRaceError if the lease is no longer ours; then nothing is written.
        """
        stride = Decision(lead, outcome, now)
        written = await self._together.submit(stride) if strides.is_ordinary(stride, self._policy) else None
        return written or await self._alone(stride)

    async def _write(self, together: Sequence[Decision]) -> Sequence[SettlementResult | None]:
        try:
            async with self._database.writing() as session:
                written = await strides.settle_all(session, self._me, together, self._policy)
        except (IntegrityError, IllegalTransitionError, LostRaceError):
            # One of them is not what it seems: each is written by itself, and only that one fails.
            written = {}
        return [written.get(stride.lead.id or 0) for stride in together]

    async def _alone(self, stride: Decision) -> SettlementResult:
        settlement = _Settlement(self._me, stride.now, self._policy)
        try:
            async with self._database.writing() as session:
                return await settlement.write(session, stride.lead, stride.outcome)
        except IntegrityError:
            # Two leads of one person were found at the same moment: the second look sees the first one's row.
            async with self._database.writing() as session:
                return await settlement.write(session, stride.lead, stride.outcome)


class _Settlement(Moves):
    async def write(self, session: AsyncSession, lead: Lead, outcome: Outcome) -> SettlementResult:
        seen = lead.status
        if isinstance(outcome, PeerFound):
            await repeat_requests.lock_both(session, self.me.account_id, outcome.peer.user_id, lead)
        lead = await leases.lock_leased(session, lead.id or 0, self.me)
        due = None
        if not await self.is_overtaken(session, seen, lead, outcome):
            due = await self._apply(session, lead, outcome)
        if due is None:
            due = await self.next(session, lead)
        return await self.schedule(session, lead, due)

    async def _apply(self, session: AsyncSession, lead: Lead, outcome: Outcome) -> datetime | None:
        """Write what came out; gives when the lead is due again, None = as its messages say."""
        match outcome:
            case PeerFound():
                return await self._found(session, lead, outcome)
            case ChangeStatus(to, reason):
                await self.advance(session, lead, to, reason)
                return self.now if await outbox.requeue(session, lead.id or 0, greeting=False) else None
            case FallBackToPhone(reason):
                return await self._drop_username(session, lead, reason)
            case QueueMessage():
                await outbox.enqueue(session, lead, outcome, now=self.now, draft=self.policy.drafts)
                await self._heard(session, lead, outcome)
                await self.change(session, lead, **CLEAR_FAILURES, follow_up_at=outcome.follow_up_at)
                await session.refresh(lead)
                return None
            case NoReplyNeeded():
                await self._heard(session, lead, outcome)
                await self.change(session, lead, **CLEAR_FAILURES)
                return None
            case Transcribed(message_id, before, text):
                await inbox.transcribe(session, message_id, before, text)
                return None
            case Suppressed(reason):
                await self._leave_alone(session, lead, reason)
                return None
            case Delivered():
                await self._delivered(session, lead, outcome)
                return None
            case Undeliverable(message_id, reason):
                return await self._undeliverable(session, lead, message_id, reason)
            case Wait(delay, reason):
                await self.change(session, lead, last_error=reason)
                return self.now + delay
            case Retry(error):
                return await self._retry(session, lead, error)
            case GiveUp(to, reason):
                return await self._give_up(session, lead, to, reason)
            case ReturnToAssistant(reason):
                await self._give_back(session, lead, reason)
                return None
            case NothingToDo():
                await self.change(session, lead, **CLEAR_FAILURES)
                return None
            case _:
                assert_never(outcome)

    async def _found(self, session: AsyncSession, lead: Lead, found: PeerFound) -> datetime | None:
        known = await repeat_requests.conversation_of(session, self.me.account_id, found.peer.user_id, lead)
        if known is not None:
            await repeat_requests.add_request_to_conversation(
                session, lead, known, now=self.now, debounce=self.policy.debounce
            )
            state = "with a human" if known.status is LeadStatus.HANDED_OFF else "open"
            reason = f"the same person's conversation is {state} as lead {known.id}"
            await self.advance(session, lead, LeadStatus.HANDED_OFF, reason, duplicate_of=known.id)
            return None
        if lead.telegram_user_id == found.peer.user_id:
            await outbox.requeue(session, lead.id or 0, greeting=True)
        else:
            await outbox.fail_cancelled(session, lead.id or 0)
        await self.advance(
            session,
            lead,
            LeadStatus.RESOLVED,
            f"found by {found.via}",
            telegram_user_id=found.peer.user_id,
            access_hash=found.peer.access_hash,
            account_id=self.me.account_id,
            resolved_via=found.via,
        )
        return self.now

    async def _heard(self, session: AsyncSession, lead: Lead, outcome: QueueMessage | NoReplyNeeded) -> None:
        if outcome.answers_message_ids:
            verdict = outcome.source if isinstance(outcome, NoReplyNeeded) else None
            await inbox.handle(session, outcome.answers_message_ids, outcome.intent, verdict)
        if outcome.asks_not_to_be_contacted:
            await suppression_list.add(
                session,
                SuppressedIdentity.of(lead),
                reason="asked not to be written to",
                actor=PERSON,
                now=self.now,
                lead_id=lead.id,
            )

    async def _leave_alone(self, session: AsyncSession, lead: Lead, reason: str) -> None:
        await self.change(session, lead, follow_up_at=None)
        await session.refresh(lead)
        unsaid = await outbox.cancel_queued(session, lead.id or 0, reason)
        unanswered = await inbox.mark_handled_for_human(session, lead.id or 0)
        target = LeadStatus.HANDED_OFF if unsaid or unanswered else None
        if not unanswered and may_become(lead.status, LeadStatus.UNREACHABLE):
            target = LeadStatus.UNREACHABLE
        if target is not None and may_become(lead.status, target):
            await self.advance(session, lead, target, reason, last_error=reason)
        else:
            await self.change(session, lead, **CLEAR_FAILURES)

    async def _drop_username(self, session: AsyncSession, lead: Lead, reason: str) -> datetime:
        if lead.status is LeadStatus.PENDING:
            await self.change(session, lead, username_error=reason)
        else:
            await self.advance(session, lead, LeadStatus.PENDING, reason, username_error=reason)
        return self.now

    async def _delivered(self, session: AsyncSession, lead: Lead, delivered: Delivered) -> None:
        await outbox.record_sent(session, delivered)
        message = await outbox.get(session, delivered.message_id)
        target = message.next_status
        # The lead may have been moved (taken over, say) while the message was on its way.
        if target is not None and await self.may_move(session, lead, target):
            reason = message.next_reason or f"{message.kind} delivered"
            await self.advance(session, lead, target, reason)
        else:
            await self.change(session, lead, **CLEAR_FAILURES, updated_at=self.now)

    async def _undeliverable(
        self, session: AsyncSession, lead: Lead, message_id: int, reason: str
    ) -> datetime | None:
        await outbox.record_failed(session, message_id, reason)
        if lead.status is not LeadStatus.RESOLVED:
            return await self._give_up(session, lead, LeadStatus.FAILED, reason)
        if lead.resolved_via == "username" and lead.phone_e164:
            return await self._drop_username(session, lead, reason)
        return await self._give_up(session, lead, LeadStatus.UNREACHABLE, reason)

    async def _retry(self, session: AsyncSession, lead: Lead, error: str) -> datetime | None:
        attempts = lead.attempts + 1
        if attempts >= self.policy.max_attempts:
            return await self._give_up(
                session, lead, LeadStatus.FAILED, f"after {attempts} attempts: {error}"
            )
        await self.change(session, lead, attempts=attempts, last_error=error)
        return self.now + backoff(attempts, base=self.policy.retry_base, most=self.policy.retry_max)

    async def _give_up(
        self, session: AsyncSession, lead: Lead, to: LeadStatus, reason: str
    ) -> datetime | None:
        # A lead with its link cannot fail any more: whatever is left of it is for a human.
        target = to if may_become(lead.status, to) else LeadStatus.HANDED_OFF
        await outbox.cancel_queued(session, lead.id or 0, reason)
        if may_become(lead.status, target):
            await self.advance(session, lead, target, reason, last_error=reason)
        else:
            await self.change(session, lead, last_error=reason)
        return None

    async def _give_back(self, session: AsyncSession, lead: Lead, reason: str) -> None:
        try:
            await handoff.return_to_assistant(session, lead, reason=reason, actor=ACTOR, now=self.now)
        except HandoffError as refusal:
            # Their other conversation goes on: this one stays with the human.
            await self.change(session, lead, returns_at=None, last_error=str(refusal))
            await session.refresh(lead)
