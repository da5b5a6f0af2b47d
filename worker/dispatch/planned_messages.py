"""What outcomes change in the plan of a locked lead, in the settlement's transaction."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.leads import plans
from shared.statuses import LeadStatus, may_become
from worker.dispatch.lead_change import LeadChange
from worker.domain.outcomes import PlanChanged, QueueMessage, Withdrawn
from worker.messaging import outbox

ACTOR = "worker"
NO_ANSWER = "no answer to the follow-ups"


async def on_queued(
    session: AsyncSession, change: LeadChange, message: QueueMessage, *, now: datetime
) -> bool:
    """Note in the plan that a message is queued; returns False if it must not be queued any more."""
    if message.booking_token is not None and change.lead.booking_token is None:
        change.set(booking_token=message.booking_token)
    if message.planned_id is not None:
        is_taken = await plans.take(session, message.planned_id)
        await _refresh(session, change)
        return is_taken
    if message.follow_up_at is not None:
        newest = max(message.answers_message_ids, default=None)
        await plans.request(
            *(session, change.lead_id, message.follow_up_at), after_message_id=newest, actor="person", now=now
        )
        await _refresh(session, change)
    return True


async def change(session: AsyncSession, lead: LeadChange, changed: PlanChanged, *, now: datetime) -> bool:
    """End and move planned messages; returns True if the follow-ups have ended without an answer.

    A person who has written since is not given up, whatever was decided before.
    """
    for planned_id, reason in changed.cancel.items():
        await plans.cancel(session, lead.lead_id, only=[planned_id], reason=reason, actor=ACTOR, now=now)
    for planned_id, send_at in changed.postpone.items():
        await plans.postpone(session, planned_id, send_at, lead_id=lead.lead_id)
    closes = changed.closes is not None and await plans.take(session, changed.closes)
    if changed.closes is not None and closes:
        await plans.finish(session, lead.lead_id, [changed.closes], now=now)
        await plans.cancel(session, lead.lead_id, reason=NO_ANSWER, actor=ACTOR, now=now)
    await _refresh(session, lead)
    return closes and may_become(lead.lead.status, LeadStatus.NO_REPLY)


async def withdraw(session: AsyncSession, lead: LeadChange, withdrawn: Withdrawn, *, now: datetime) -> None:
    """Take a queued message back, for good."""
    await outbox.record_failed(session, withdrawn.message_id, withdrawn.reason)
    await plans.cancel(
        session, lead.lead_id, only=[withdrawn.planned_id], reason=withdrawn.reason, actor=ACTOR, now=now
    )
    await _refresh(session, lead)


async def on_sent(session: AsyncSession, lead: LeadChange, key: str | None, *, now: datetime) -> None:
    """Record that a planned message was sent."""
    if (planned_id := plans.planned_id_of(key)) is not None:
        await plans.finish(session, lead.lead_id, [planned_id], now=now)


async def cancel_all(session: AsyncSession, lead: LeadChange, reason: str, *, now: datetime) -> None:
    """Cancel everything that is planned for the lead."""
    await plans.cancel(session, lead.lead_id, reason=reason, actor=ACTOR, now=now)
    lead.set(follow_up_at=None)


async def _refresh(session: AsyncSession, change: LeadChange) -> None:
    change.set(follow_up_at=await plans.next_at(session, change.lead_id))
