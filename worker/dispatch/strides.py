"""What most outcomes come to, written for many leads in one transaction: found, said, delivered.

Whatever is out of the ordinary is left to worker/dispatch/settlement.py, one lead at a time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Text, bindparam, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import BulkStatement, columns
from shared.database.models import LEADS, Lead
from shared.leads.transitions import CLEAR_FAILURES, Move, change_statuses
from shared.statuses import OPEN, LeadStatus, may_become
from worker.dispatch.moves import ACTOR, RetryPolicy, SettlementResult
from worker.domain.outcomes import Delivered, Outcome, PeerFound, QueueMessage
from worker.messaging import inbox, outbox, repeat_requests
from worker.queue.leases import WorkerId


@dataclass(frozen=True)
class Decision:
    """A lead as it was seen, and what came of working on it."""

    lead: Lead
    outcome: Outcome
    now: datetime


@dataclass
class _Step:
    """A stride with the lead locked: what is to be written, and what the lead is due for next."""

    lead: Lead
    outcome: PeerFound | QueueMessage | Delivered
    target: LeadStatus | None = None
    reason: str | None = None
    due: datetime | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    # It is out of the ordinary after all: nothing is written of it here.
    is_left: bool = False


async def settle_all(
    session: AsyncSession, me: WorkerId, strides: Sequence[Decision], policy: RetryPolicy
) -> Mapping[int, SettlementResult]:
    """Write down what is as it seems among ordinary `strides`; gives what came of it by the leads' numbers.

    If it raises, the transaction is to be rolled back: then nothing is written of any.
    """
    now = max(stride.now for stride in strides)
    steps = await _begin(session, me, strides)
    await _find(session, me, steps, now)
    await _say(session, steps, now)
    await _deliver(session, steps, now, policy)
    steps = [step for step in steps if not step.is_left]
    for step in steps:
        step.changes |= _schedule(step, now)
    for kind in (PeerFound, Delivered):
        moves = [
            Move(step.lead, step.target, step.reason, step.changes)
            for step in steps
            if isinstance(step.outcome, kind) and step.target is not None
        ]
        await change_statuses(session, moves, actor=ACTOR, now=now)
    await _stay(session, [step for step in steps if step.target is None])
    return {step.lead.id or 0: _settled(step, now) for step in steps}


def is_ordinary(stride: Decision, policy: RetryPolicy) -> bool:
    """Whether it may be written with others."""
    status = stride.lead.status
    match stride.outcome:
        case PeerFound():
            return status is LeadStatus.PENDING
        case QueueMessage() as say:
            talking = status is LeadStatus.RESOLVED or status in inbox.ANSWERED
            return talking and not policy.drafts and not say.asks_not_to_be_contacted
        case Delivered():
            return status in OPEN
        case _:
            return False


async def _begin(session: AsyncSession, me: WorkerId, strides: Sequence[Decision]) -> list[_Step]:
    """The leads that are as they were seen, held until the transaction ends."""
    seen = {stride.lead.id: stride for stride in strides}
    # A lead in somebody's hands is waited for by itself: the others do not wait for it.
    found = await session.exec(_HELD, params={"leads": list(seen), "holder": me.lease_name})
    steps = []
    for lead in found:
        outcome = seen[lead.id].outcome
        if lead.status is seen[lead.id].lead.status and isinstance(
            outcome, PeerFound | QueueMessage | Delivered
        ):
            steps.append(_Step(lead, outcome))
    return steps


_HELD = (
    select(Lead)
    .where(
        col(Lead.id).in_(bindparam("leads", expanding=True)),
        col(Lead.leased_by) == bindparam("holder", type_=Text()),
    )
    .order_by(col(Lead.id))
    .with_for_update(skip_locked=True)
    .execution_options(populate_existing=True)
)


async def _find(session: AsyncSession, me: WorkerId, steps: Sequence[_Step], now: datetime) -> None:
    found = [(step, step.outcome) for step in steps if isinstance(step.outcome, PeerFound)]
    if not found:
        return
    taken = set(
        await repeat_requests.known_among(session, me.account_id, [one.peer.user_id for _, one in found])
    )
    for step, one in found:
        # Of two leads of one person the second joins the first.
        step.is_left = one.peer.user_id in taken or step.lead.telegram_user_id == one.peer.user_id
        taken.add(one.peer.user_id)
        step.target, step.reason, step.due = LeadStatus.RESOLVED, f"found by {one.via}", now
        step.changes = {
            "telegram_user_id": one.peer.user_id,
            "access_hash": one.peer.access_hash,
            "account_id": me.account_id,
            "resolved_via": one.via,
        }
    if new := [step.lead.id or 0 for step, _ in found if not step.is_left]:
        await outbox.fail_cancelled(session, *new)


async def _say(session: AsyncSession, steps: Sequence[_Step], now: datetime) -> None:
    says = [(step, step.outcome) for step in steps if isinstance(step.outcome, QueueMessage)]
    if answers := {number for _, say in says for number in say.answers_message_ids}:
        unanswered = await inbox.unanswered_among(session, answers)
        for step, say in says:
            step.is_left = bool(say.answers_message_ids) and unanswered.isdisjoint(say.answers_message_ids)
    says = [(step, say) for step, say in says if not step.is_left]
    if not says:
        return
    await outbox.enqueue_all(session, [(step.lead, say) for step, say in says], now=now)
    if meant := {number: say.intent for _, say in says for number in say.answers_message_ids}:
        await inbox.handle_all(session, meant)
    for step, say in says:
        step.due, step.changes = now, {"follow_up_at": say.follow_up_at, "updated_at": step.lead.updated_at}


async def _deliver(session: AsyncSession, steps: Sequence[_Step], now: datetime, policy: RetryPolicy) -> None:
    delivered = {step.outcome.message_id: step for step in steps if isinstance(step.outcome, Delivered)}
    if not delivered:
        return
    told = [step.outcome for step in delivered.values() if isinstance(step.outcome, Delivered)]
    recorded = {message.id: message for message in await outbox.record_all_sent(session, told)}
    for number, step in delivered.items():
        if (message := recorded.get(number)) is None:
            step.is_left = True
            continue
        step.changes = {"follow_up_at": step.lead.follow_up_at, "updated_at": now}
        target = message.next_status
        if target is not None and target is not step.lead.status and may_become(step.lead.status, target):
            step.target, step.changes = target, {}
            step.reason = message.next_reason or f"{message.kind} delivered"
    written = [step for step in delivered.values() if not step.is_left]
    if not written:
        return
    waiting = await outbox.waiting_of(session, [step.lead.id or 0 for step in written])
    for step in written:
        step.due = _next(step, waiting.get(step.lead.id or 0, {}), now, policy)


def _next(
    step: _Step, waiting: Mapping[str, tuple[datetime, datetime]], now: datetime, policy: RetryPolicy
) -> datetime | None:
    """As Moves.next."""
    status = step.target or step.lead.status
    if "queued" in waiting:
        return now
    if "draft" in waiting or status not in inbox.ANSWERED:
        return None
    if "received" in waiting:
        return inbox.quiet(*waiting["received"], debounce=policy.debounce)
    return step.lead.follow_up_at if status in inbox.FOLLOWED_UP else None


def _goes_on(step: _Step, now: datetime) -> bool:
    return step.due is not None and step.due <= now


def _schedule(step: _Step, now: datetime) -> dict[str, Any]:
    """As Moves.schedule: the lease is kept if there is more to do at once."""
    kept = _goes_on(step, now)
    return {
        "due_at": step.due,
        "leased_by": step.lead.leased_by if kept else None,
        "leased_until": step.lead.leased_until if kept else None,
    }


async def _stay(session: AsyncSession, steps: Sequence[_Step]) -> None:
    """Columns that are no status."""
    if not steps:
        return
    rows = ((step.lead.id, *step.changes.values()) for step in steps)
    await _staying(tuple(steps[0].changes)).run(session, rows)


@cache
def _staying(changes: tuple[str, ...]) -> BulkStatement:
    return BulkStatement(
        LEADS,
        columns("id", *changes),
        lambda rows, _: (
            update(LEADS)
            .where(LEADS.c.id == rows.c.id)
            .values({**CLEAR_FAILURES} | {name: rows.c[name] for name in changes})
        ),
    )


def _settled(step: _Step, now: datetime) -> SettlementResult:
    status = step.target or step.lead.status
    written = {**CLEAR_FAILURES} | step.changes | {"status": status}
    if step.target is not None:
        written["updated_at"] = now
    for name, value in written.items():
        set_committed_value(step.lead, name, value)
    kept = _goes_on(step, now)
    return SettlementResult(step.lead if kept else None, None if kept else step.due, status)
