"""Writes the outcomes of steps: outcomes that arrive at the same time share one transaction.

A settlement locks the leads, drops outcomes that are stale, applies the others and writes all changes.
A lead that cannot be settled together with others is settled by the same code, in a batch of one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import DataError, IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.bulk import insert_all, update_all
from shared.database.engine import Database
from shared.database.models import EVENTS, LEADS, MESSAGES, Lead
from shared.errors import IllegalTransitionError, LostRaceError
from shared.group_commit import GroupCommit
from shared.leads.handoff import HandoffError
from shared.statuses import NOT_GREETED, REPLIED_TO, LeadStatus
from worker.dispatch.lead_change import LeadChange
from worker.dispatch.outcome_handlers import OutcomeHandlers
from worker.dispatch.settlement_config import SettlementConfig
from worker.domain.outcomes import (
    Delivered,
    NoReplyNeeded,
    Outcome,
    PeerFound,
    QueueMessage,
    Undeliverable,
    Withdrawn,
)
from worker.messaging import inbox, outbox, repeat_requests
from worker.queue import leases
from worker.queue.leases import WorkerId

# Errors of one decision: the other decisions of its batch must not fail with it.
_ITS_OWN = (
    *(DataError, IntegrityError, IllegalTransitionError, LostRaceError, HandoffError),
    # A value that the driver cannot send, such as a lone surrogate or a number of 80 bits.
    *(ValueError, OverflowError, TypeError),
)


@dataclass(frozen=True)
class Decision:
    """A lead as it was read, the outcome of its step, and the moment of the outcome."""

    lead: Lead
    outcome: Outcome
    now: datetime


@dataclass(frozen=True)
class SettlementResult:
    """`lead`: still leased, if there is more to do at once; `due`: when it is due again, if ever."""

    lead: Lead | None
    due: datetime | None
    status: LeadStatus


class Settlement:
    """The settlements of one worker. Calls that come at the same time share one transaction."""

    def __init__(self, database: Database, me: WorkerId, config: SettlementConfig) -> None:
        self._database = database
        self._me = me
        self._config = config
        self._together = GroupCommit(self._settle_together)

    @property
    def max_attempts(self) -> int:
        """How many failed attempts a lead may have."""
        return self._config.max_attempts

    async def settle(self, lead: Lead, outcome: Outcome, *, now: datetime) -> SettlementResult:
        """Write an outcome; returns whether there is more to do now, or when.

        Raises LostRaceError if this worker has lost the lease; then nothing is written.
        """
        decision = Decision(lead, outcome, now)
        return await self._together.submit(decision) or await self._settle_alone(decision)

    async def _settle_together(self, decisions: Sequence[Decision]) -> Sequence[SettlementResult | None]:
        try:
            async with self._database.writing() as session:
                results = await _write(session, self._me, decisions, self._config, waits=False)
        except _ITS_OWN:
            # Nothing is written. Each decision is settled alone, and only the one at fault fails.
            results = {}
        return [results.get(decision.lead.id) for decision in decisions]

    async def _settle_alone(self, decision: Decision) -> SettlementResult:
        try:
            return await self._settle_waiting(decision)
        except IntegrityError:
            # Two leads of one person were found at the same moment: the second try sees the first one's row.
            return await self._settle_waiting(decision)

    async def _settle_waiting(self, decision: Decision) -> SettlementResult:
        async with self._database.writing() as session:
            results = await _write(session, self._me, [decision], self._config, waits=True)
        return results[decision.lead.id]


def is_stale(change: LeadChange, unanswered: Collection[int], *, drafts: bool) -> bool:
    """Return True if a human has taken over, or the messages were answered, since the outcome was decided.

    `unanswered` are the ids of the lead's messages that have no answer yet.
    """
    lead, outcome = change.lead, change.outcome
    if isinstance(outcome, Delivered | Undeliverable | Withdrawn):
        return False
    if lead.status is LeadStatus.HANDED_OFF and change.seen is not lead.status:
        return True
    # The person has written first: the answer to their words takes the place of the greeting.
    if change.seen in NOT_GREETED and lead.status is LeadStatus.ENGAGED:
        return True
    if not isinstance(outcome, QueueMessage | NoReplyNeeded) or not outcome.answers_message_ids:
        return False
    # A draft must answer all messages: if new ones have arrived, another draft is composed.
    is_draft = drafts and isinstance(outcome, QueueMessage) and lead.status in REPLIED_TO
    is_partial = is_draft and not set(outcome.answers_message_ids).issuperset(unanswered)
    return is_partial or set(outcome.answers_message_ids).isdisjoint(unanswered)


def next_due(
    lead: Lead, waiting: Mapping[str, outbox.Span], *, now: datetime, debounce: timedelta
) -> datetime | None:
    """Return when the lead is next due: for a queued message, a reply, a planned message, or never (None)."""
    if "queued" in waiting:
        return now
    if "draft" in waiting:
        return None
    if lead.status is LeadStatus.HANDED_OFF:
        return lead.returns_at
    if lead.status in REPLIED_TO and "received" in waiting:
        return inbox.debounce_end(*waiting["received"], debounce=debounce)
    return lead.follow_up_at if lead.status in REPLIED_TO else None


def reschedule(change: LeadChange, due: datetime | None, *, now: datetime) -> SettlementResult:
    """Keep the lease if the lead is due by now, and release it otherwise."""
    change.set(due_at=due)
    if due is not None and due <= now:
        return SettlementResult(change.lead, None, change.lead.status)
    # The worker survived its work on the lead, so earlier lost leases no longer count against the lead.
    change.set(leased_by=None, leased_until=None, lost_leases=0)
    return SettlementResult(None, due, change.lead.status)


async def _write(
    session: AsyncSession,
    me: WorkerId,
    decisions: Sequence[Decision],
    config: SettlementConfig,
    *,
    waits: bool,
) -> Mapping[int, SettlementResult]:
    """Settle decisions in the caller's transaction; returns the results by the leads' ids.

    Without `waits`, decisions that need a batch of one are left out. If this raises, the transaction must be
    rolled back.
    """
    now = max(decision.now for decision in decisions)
    changes = await _lock(session, me, decisions, waits=waits)
    current = await _drop_stale(session, changes, drafts=config.drafts)
    await _record_sent(session, current)
    handlers = OutcomeHandlers(session, me, config, now)
    for change in current:
        await handlers.apply(change)
    return await _flush(handlers, changes)


async def _lock(
    session: AsyncSession, me: WorkerId, decisions: Sequence[Decision], *, waits: bool
) -> Sequence[LeadChange]:
    """Lock the leads that this worker leases, in the order of their ids.

    Without `waits`, a lead that another transaction holds is left out, so that no other lead waits for it.
    """
    people = {
        one.lead.id: one.outcome.peer.user_id for one in decisions if isinstance(one.outcome, PeerFound)
    }
    if waits:
        for one in decisions:
            if (user_id := people.get(one.lead.id)) is not None:
                await repeat_requests.lock_both(session, me.account_id, user_id, one.lead)
    by_id = {one.lead.id: one for one in decisions}
    leads = await leases.lock_leased(session, me, [one.lead.id for one in decisions], waits=waits)
    changes = [_change_of(lead, by_id[lead.id]) for lead in leads]
    if not waits:
        return await _without_known(session, me, changes)
    for change in changes:
        if (user_id := people.get(change.lead_id)) is not None:
            change.joins = await repeat_requests.conversation_of(session, me.account_id, user_id, change.lead)
    return changes


def _change_of(lead: Lead, decision: Decision) -> LeadChange:
    may_write_first = lead.status in NOT_GREETED and lead.due_at != decision.lead.due_at
    rescheduled = lead.due_at if may_write_first else None
    return LeadChange(lead, decision.lead.status, decision.outcome, rescheduled=rescheduled)


async def _without_known(
    session: AsyncSession, me: WorkerId, changes: Sequence[LeadChange]
) -> Sequence[LeadChange]:
    """Leave out found people whose conversation the lead may have to join, also within this batch.

    That conversation must be locked together with the lead, in the order of their ids. A batch of several
    cannot do that any more without the risk of a deadlock.
    """
    people = {one.lead_id: one.outcome.peer.user_id for one in changes if isinstance(one.outcome, PeerFound)}
    if not people:
        return changes
    taken = set(await repeat_requests.known_among(session, me.account_id, people.values()))
    kept = []
    for change in changes:
        user_id = people.get(change.lead_id)
        if user_id is None or user_id not in taken:
            kept.append(change)
        if user_id is not None:
            taken.add(user_id)
    return kept


async def _drop_stale(
    session: AsyncSession, changes: Sequence[LeadChange], *, drafts: bool
) -> Sequence[LeadChange]:
    """Return the changes whose outcome still applies; the other leads are only rescheduled."""
    answering = [
        change.lead_id
        for change in changes
        if isinstance(change.outcome, QueueMessage | NoReplyNeeded) and change.outcome.answers_message_ids
    ]
    unanswered = await inbox.unanswered_of(session, answering) if answering else {}
    return [
        change
        for change in changes
        if not is_stale(change, unanswered.get(change.lead_id, ()), drafts=drafts)
    ]


async def _record_sent(session: AsyncSession, changes: Sequence[LeadChange]) -> None:
    """Record delivered messages before the handlers run: a handoff summary mentions them."""
    delivered = [change.outcome for change in changes if isinstance(change.outcome, Delivered)]
    if not delivered:
        return
    sent = await outbox.record_all_sent(session, delivered)
    for change in changes:
        if isinstance(change.outcome, Delivered):
            change.sent = sent.get(change.outcome.message_id)


async def _flush(handlers: OutcomeHandlers, changes: Sequence[LeadChange]) -> Mapping[int, SettlementResult]:
    """Write the collected effects and due times; messages first, since they decide when a lead is due."""
    session, now, config = handlers.session, handlers.now, handlers.config
    if handlers.newly_found:
        # Also for a lead whose person was unknown: it may have cancelled messages to an earlier person.
        await outbox.fail_cancelled(session, handlers.newly_found)
    await outbox.enqueue_all(session, handlers.messages, now=now, draft=config.drafts)
    if handlers.handled:
        await inbox.mark_all_handled(session, handlers.handled)
    await update_all(session, MESSAGES, handlers.verdicts)
    open_ended = [change.lead_id for change in changes if change.due is None]
    waiting = await outbox.waiting_of(session, open_ended) if open_ended else {}
    results = {}
    for change in changes:
        change.show_columns()
        due = change.due or next_due(
            change.lead, waiting.get(change.lead_id, {}), now=now, debounce=config.debounce
        )
        results[change.lead_id] = reschedule(change, due, now=now)
    await update_all(session, LEADS, {change.lead_id: change.columns for change in changes})
    await insert_all(session, EVENTS, handlers.events)
    return results
