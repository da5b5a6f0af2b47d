"""Turns a step's outcome into rows, in one transaction that begins by checking the lease."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, assert_never

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared import do_not_contact
from shared.db import Database
from shared.do_not_contact import PERSON, Contacts
from shared.lifecycle import advance
from shared.models import Lead
from shared.status import OPEN, LeadStatus, may_become
from worker import inbox, outbox, queue
from worker.outcomes import (
    Advance,
    Delivered,
    DropUsername,
    Found,
    GiveUp,
    Heard,
    LeaveAlone,
    Outcome,
    Rest,
    Retry,
    Say,
    Undeliverable,
    Wait,
)
from worker.queue import Me
from worker.retry import backoff

ACTOR = "worker"
_FRESH: dict[str, Any] = {"attempts": 0, "lost_leases": 0, "last_error": None}


@dataclass(frozen=True)
class Policy:
    """The settings that decide when a lead is next due."""

    debounce: timedelta
    max_attempts: int
    retry_base: float
    retry_max: float


@dataclass(frozen=True)
class Settled:
    """`lead`: still leased, if there is more to do at once; `due`: when it is due again, if ever."""

    lead: Lead | None
    due: datetime | None
    status: LeadStatus


async def settle(
    database: Database, me: Me, lead: Lead, outcome: Outcome, *, now: datetime, policy: Policy
) -> Settled:
    """Write an outcome down; says whether there is more to do now, or when.

    Raises LostRaceError if the lease is no longer ours; then nothing is written.
    """
    settlement = _Settlement(me, now, policy)
    try:
        async with database.writing() as session:
            return await settlement.write(session, lead, outcome)
    except IntegrityError:
        # Two leads of one person were found at the same moment: the second look sees the first one's row.
        async with database.writing() as session:
            return await settlement.write(session, lead, outcome)


@dataclass(frozen=True)
class _Settlement:
    me: Me
    now: datetime
    policy: Policy

    async def write(self, session: AsyncSession, lead: Lead, outcome: Outcome) -> Settled:
        lead = await queue.lock(session, lead.id or 0, self.me)
        due = await self._apply(session, lead, outcome)
        if due is None:
            due = await self._next(session, lead)
        return await self._schedule(session, lead, due)

    async def _apply(self, session: AsyncSession, lead: Lead, outcome: Outcome) -> datetime | None:
        """Write what came out; gives when the lead is due again, None = as its messages say."""
        match outcome:
            case Found():
                return await self._found(session, lead, outcome)
            case Advance(to, reason):
                await self._advance(session, lead, to, reason)
                return self.now if await outbox.requeue(session, lead.id or 0, greeting=False) else None
            case DropUsername(reason):
                return await self._drop_username(session, lead, reason)
            case Say():
                await outbox.enqueue(session, lead, outcome, now=self.now)
                await self._heard(session, lead, outcome)
                await self._change(session, lead, **_FRESH)
                return self.now
            case Heard():
                await self._heard(session, lead, outcome)
                await self._change(session, lead, **_FRESH)
                return None
            case LeaveAlone(reason):
                await self._leave_alone(session, lead, reason)
                return None
            case Delivered():
                await self._delivered(session, lead, outcome)
                return None
            case Undeliverable(message_id, reason):
                return await self._undeliverable(session, lead, message_id, reason)
            case Wait(delay, reason):
                await self._change(session, lead, last_error=reason)
                return self.now + delay
            case Retry(error):
                return await self._retry(session, lead, error)
            case GiveUp(to, reason):
                return await self._give_up(session, lead, to, reason)
            case Rest():
                await self._change(session, lead, **_FRESH)
                return None
            case _:
                assert_never(outcome)

    async def _found(self, session: AsyncSession, lead: Lead, found: Found) -> datetime | None:
        open_lead = await self._other_open(session, lead, found.peer.user_id)
        if open_lead is not None:
            reason = f"the same person's conversation is open as lead {open_lead}"
            await self._advance(session, lead, LeadStatus.HANDED_OFF, reason, duplicate_of=open_lead)
            return None
        if lead.telegram_user_id == found.peer.user_id:
            await outbox.requeue(session, lead.id or 0, greeting=True)
        else:
            await outbox.forget_cancelled(session, lead.id or 0)
        await self._advance(
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

    async def _other_open(self, session: AsyncSession, lead: Lead, user_id: int | None) -> int | None:
        """The lead that holds this person's open conversation, if it is another one."""
        other = await session.exec(
            select(Lead.id).where(
                col(Lead.account_id) == self.me.account_id,
                col(Lead.telegram_user_id) == user_id,
                col(Lead.status).in_(OPEN),
                col(Lead.id) != lead.id,
            )
        )
        return other.first()

    async def _heard(self, session: AsyncSession, lead: Lead, outcome: Say | Heard) -> None:
        if outcome.intent is not None:
            verdict = outcome.source if isinstance(outcome, Heard) else None
            await inbox.handle(session, outcome.answers, outcome.intent, verdict)
        if outcome.asks_not_to_be_contacted:
            await do_not_contact.add(
                session,
                Contacts.of(lead),
                reason="asked not to be written to",
                actor=PERSON,
                now=self.now,
                lead_id=lead.id,
            )

    async def _leave_alone(self, session: AsyncSession, lead: Lead, reason: str) -> None:
        unsaid = await outbox.cancel_queued(session, lead.id or 0, reason)
        unanswered = await inbox.leave_to_human(session, lead.id or 0)
        target = LeadStatus.HANDED_OFF if unsaid or unanswered else None
        if not unanswered and may_become(lead.status, LeadStatus.UNREACHABLE):
            target = LeadStatus.UNREACHABLE
        if target is not None and may_become(lead.status, target):
            await self._advance(session, lead, target, reason, last_error=reason)
        else:
            await self._change(session, lead, **_FRESH)

    async def _drop_username(self, session: AsyncSession, lead: Lead, reason: str) -> datetime:
        if lead.status is LeadStatus.PENDING:
            await self._change(session, lead, username_error=reason)
        else:
            await self._advance(session, lead, LeadStatus.PENDING, reason, username_error=reason)
        return self.now

    async def _delivered(self, session: AsyncSession, lead: Lead, delivered: Delivered) -> None:
        await outbox.record_sent(session, delivered)
        message = await outbox.get(session, delivered.message_id)
        target = message.next_status
        # The lead may have been moved (taken over, say) while the message was on its way.
        if target is not None and await self._may_move(session, lead, target):
            reason = message.next_reason or f"{message.kind} delivered"
            await self._advance(session, lead, target, reason)
        else:
            await self._change(session, lead, **_FRESH, updated_at=self.now)

    async def _may_move(self, session: AsyncSession, lead: Lead, target: LeadStatus) -> bool:
        # What a human has taken over is theirs to move.
        taken_over = lead.status is LeadStatus.HANDED_OFF
        if taken_over or target is lead.status or not may_become(lead.status, target):
            return False
        # They may have asked anew meanwhile: then that conversation is the open one.
        opens = target in OPEN and lead.status not in OPEN
        return not opens or await self._other_open(session, lead, lead.telegram_user_id) is None

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
        await self._change(session, lead, attempts=attempts, last_error=error)
        return self.now + backoff(attempts, base=self.policy.retry_base, most=self.policy.retry_max)

    async def _give_up(
        self, session: AsyncSession, lead: Lead, to: LeadStatus, reason: str
    ) -> datetime | None:
        # A lead with its link cannot fail any more: whatever is left of it is for a human.
        target = to if may_become(lead.status, to) else LeadStatus.HANDED_OFF
        await outbox.cancel_queued(session, lead.id or 0, reason)
        if may_become(lead.status, target):
            await self._advance(session, lead, target, reason, last_error=reason)
        return None

    async def _advance(
        self,
        session: AsyncSession,
        lead: Lead,
        to: LeadStatus,
        reason: str,
        **changes: Any,  # noqa: ANN401 - columns of the lead
    ) -> None:
        await advance(session, lead, to, reason=reason, actor=ACTOR, now=self.now, **changes)
        await session.refresh(lead)

    async def _change(self, session: AsyncSession, lead: Lead, **changes: Any) -> None:  # noqa: ANN401
        await session.exec(
            update(Lead)
            .where(col(Lead.id) == lead.id)
            .values(changes)
            .execution_options(synchronize_session=False)
        )

    async def _next(self, session: AsyncSession, lead: Lead) -> datetime | None:
        """What the lead waits for by itself: the quiet after a person's words, or nothing."""
        if lead.status in inbox.ANSWERED:
            return await inbox.quiet_after(session, lead.id or 0, debounce=self.policy.debounce)
        return None

    async def _schedule(self, session: AsyncSession, lead: Lead, due: datetime | None) -> Settled:
        if due is not None and due <= self.now:
            await self._change(session, lead, due_at=due)
            await session.refresh(lead)
            return Settled(lead, None, lead.status)
        await self._change(session, lead, due_at=due, leased_by=None, leased_until=None)
        return Settled(None, due, lead.status)
