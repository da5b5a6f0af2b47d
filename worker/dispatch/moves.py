"""What every settlement is made of: moves of the lead, its columns, and when it is due next."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import Lead
from shared.leads import handoff
from shared.leads.transitions import change_status
from shared.statuses import OPEN, LeadStatus, may_become
from worker.domain.outcomes import Delivered, NoReplyNeeded, Outcome, QueueMessage, Undeliverable
from worker.messaging import inbox, outbox
from worker.queue.leases import WorkerId

ACTOR = "worker"


@dataclass(frozen=True)
class RetryPolicy:
    """The settings that decide when a lead is next due."""

    debounce: timedelta
    max_attempts: int
    retry_base: float
    retry_max: float
    # Whether everything waits for a human's approval.
    drafts: bool = False


@dataclass(frozen=True)
class SettlementResult:
    """`lead`: still leased, if there is more to do at once; `due`: when it is due again, if ever."""

    lead: Lead | None
    due: datetime | None
    status: LeadStatus


@dataclass(frozen=True)
class Moves:
    """Everything happens in the caller's transaction, at one moment, with the lead locked."""

    me: WorkerId
    now: datetime
    policy: RetryPolicy

    async def is_overtaken(
        self, session: AsyncSession, seen: LeadStatus, lead: Lead, outcome: Outcome
    ) -> bool:
        """Whether a human has the conversation, or has answered, since the outcome was thought of."""
        match outcome:
            case Delivered() | Undeliverable():
                return False
            case QueueMessage(answers_message_ids=answers) | NoReplyNeeded(answers_message_ids=answers) if (
                answers
            ):
                gone = not await inbox.unanswered_among(session, answers)
                # A draft is to answer everything: it is written anew.
                drafted = (
                    self.policy.drafts and isinstance(outcome, QueueMessage) and lead.status in inbox.ANSWERED
                )
                gone |= drafted and await inbox.any_but(session, lead.id or 0, answers)
            case _:
                gone = False
        return gone or (lead.status is LeadStatus.HANDED_OFF and seen is not lead.status)

    async def advance(
        self,
        session: AsyncSession,
        lead: Lead,
        to: LeadStatus,
        reason: str,
        **changes: Any,  # noqa: ANN401 - columns of the lead
    ) -> None:
        """Through the one door; a lead that goes to a human goes with a summary."""
        move = handoff.hand_to_human if to is LeadStatus.HANDED_OFF else partial(change_status, target=to)
        await move(session, lead, reason=reason, actor=ACTOR, now=self.now, **changes)
        await session.refresh(lead)

    async def change(self, session: AsyncSession, lead: Lead, **changes: Any) -> None:  # noqa: ANN401
        """Columns that are no status."""
        await session.exec(
            update(Lead)
            .where(col(Lead.id) == lead.id)
            .values(changes)
            .execution_options(synchronize_session=False)
        )

    async def next(self, session: AsyncSession, lead: Lead) -> datetime | None:
        """What the lead waits for by itself: what is queued, the quiet after a person's words, or nothing."""
        if await outbox.has(session, lead.id or 0, "queued"):
            return self.now
        if await outbox.has(session, lead.id or 0, "draft"):
            return None
        if lead.status is LeadStatus.HANDED_OFF:
            return lead.returns_at
        if lead.status in inbox.ANSWERED:
            quiet = await inbox.debounce_ends_at(session, lead.id or 0, debounce=self.policy.debounce)
            return quiet or (lead.follow_up_at if lead.status in inbox.FOLLOWED_UP else None)
        return None

    async def schedule(self, session: AsyncSession, lead: Lead, due: datetime | None) -> SettlementResult:
        """Keep the lead if it is due by now, or else let it go until then."""
        if due is not None and due <= self.now:
            await self.change(session, lead, due_at=due)
            await session.refresh(lead)
            return SettlementResult(lead, None, lead.status)
        # Whoever works on it has lived to tell: the lead is no danger.
        await self.change(session, lead, due_at=due, leased_by=None, leased_until=None, lost_leases=0)
        return SettlementResult(None, due, lead.status)

    async def other_open(self, session: AsyncSession, lead: Lead, user_id: int | None) -> int | None:
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

    async def may_move(self, session: AsyncSession, lead: Lead, target: LeadStatus) -> bool:
        """Whether a delivery may still move the lead as it was meant to."""
        # What a human has taken over is theirs to move.
        taken_over = lead.status is LeadStatus.HANDED_OFF
        if taken_over or target is lead.status or not may_become(lead.status, target):
            return False
        # They may have asked anew meanwhile: then that conversation is the open one.
        opens = target in OPEN and lead.status not in OPEN
        return not opens or await self.other_open(session, lead, lead.telegram_user_id) is None
