"""Applies each outcome to its locked lead, in one `match` with a branch for every outcome.

Most effects are collected; worker/dispatch/settlement.py writes them for all leads at once.
Rare effects are written here, lead by lead, in the same transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.backoff import backoff
from shared.database.models import Lead
from shared.errors import LostRaceError
from shared.intents import Intent
from shared.leads import contact_evidence, handoff, suppression_list
from shared.leads.handoff import HandoffError
from shared.leads.transitions import CLEAR_FAILURES, transition
from shared.statuses import OPEN, LeadStatus, may_become
from worker.dispatch import open_questions, planned_messages
from worker.dispatch.lead_change import LeadChange
from worker.dispatch.settlement_config import SettlementConfig
from worker.domain.outcomes import (
    ChangeStatus,
    Delivered,
    FallBackToPhone,
    FallBackToUsername,
    GiveUp,
    NoReplyNeeded,
    NothingToDo,
    PeerChanged,
    PeerFound,
    PlanChanged,
    QueueMessage,
    Retry,
    ReturnToAssistant,
    Suppressed,
    Transcribed,
    Undeliverable,
    Wait,
    Withdrawn,
    WroteFirst,
)
from worker.domain.telegram_port import Peer
from worker.messaging import inbox, outbox, repeat_requests
from worker.queue.leases import WorkerId

ACTOR = "worker"


@dataclass
class OutcomeHandlers:
    """Applies outcomes in the caller's transaction, and collects the effects that the flush writes."""

    session: AsyncSession
    me: WorkerId
    config: SettlementConfig
    now: datetime
    newly_found: list[int] = field(default_factory=list)
    messages: list[tuple[Lead, QueueMessage]] = field(default_factory=list)
    handled: dict[int, Intent | None] = field(default_factory=dict)
    verdicts: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    events: list[Mapping[str, Any]] = field(default_factory=list)

    async def apply(self, change: LeadChange) -> None:
        """Apply the outcome of one lead."""
        match change.outcome:
            case PeerFound() as found:
                await self._record_peer(change, found)
            case ChangeStatus(to, reason):
                await self._change_status(change, to, reason)
                if await outbox.requeue(self.session, change.lead_id, greeting=False):
                    change.due = self.now
            case FallBackToPhone(reason):
                await self._fall_back(change, reason, "phone")
            case FallBackToUsername(reason):
                await self._fall_back(change, reason, "username")
            case PeerChanged(reason):
                await self._look_up_again(change, reason)
            case WroteFirst(reason):
                await outbox.cancel_unreleased(self.session, change.lead_id, reason)
                await self._change_status(change, LeadStatus.ENGAGED, reason)
            case QueueMessage() as message:
                await self._queue_message(change, message)
            case NoReplyNeeded() as understood:
                await self._record_understood(change, understood)
                change.set(**CLEAR_FAILURES)
            case Transcribed(message_id, before, text):
                await inbox.transcribe(self.session, message_id, before, text)
            case Suppressed(reason):
                await self._suppress(change, reason)
            case Delivered(message_id):
                await self._delivered(change, message_id)
            case Undeliverable(message_id, reason):
                await self._undeliverable(change, message_id, reason)
            case PlanChanged() as changed:
                if await planned_messages.change(self.session, change, changed, now=self.now):
                    await self._change_status(change, LeadStatus.NO_REPLY, planned_messages.NO_ANSWER)
            case Withdrawn() as withdrawn:
                await planned_messages.withdraw(self.session, change, withdrawn, now=self.now)
            case Wait(delay, reason):
                change.set(last_error=reason)
                # The listener may have made the lead due earlier: its person wrote during the step.
                change.due = min(self.now + delay, change.rescheduled or self.now + delay)
            case Retry(error):
                await self._retry(change, error)
            case GiveUp(to, reason, peer):
                await self._give_up(change, to, reason, peer)
            case ReturnToAssistant(reason):
                await self._return_to_assistant(change, reason)
            case NothingToDo():
                change.set(**CLEAR_FAILURES)
            case _:
                assert_never(change.outcome)

    async def may_still_apply(self, lead: Lead, target: LeadStatus) -> bool:
        """Return True if a delivery may still move the lead to the status planned with the message."""
        # Only a human moves a lead that a human has taken over.
        taken_over = lead.status is LeadStatus.HANDED_OFF
        if taken_over or target is lead.status or not may_become(lead.status, target):
            return False
        # The contact may have sent another form meanwhile; then the open conversation belongs to that lead.
        opens = target in OPEN and lead.status not in OPEN
        return not opens or not await self._is_open_elsewhere(lead)

    async def _is_open_elsewhere(self, lead: Lead) -> bool:
        others = await self.session.exec(
            select(Lead.id).where(
                col(Lead.account_id) == self.me.account_id,
                col(Lead.telegram_user_id) == lead.telegram_user_id,
                col(Lead.status).in_(OPEN),
                col(Lead.id) != lead.id,
            )
        )
        return others.first() is not None

    async def _change_status(
        self,
        change: LeadChange,
        to: LeadStatus,
        reason: str,
        **columns: Any,  # noqa: ANN401 - columns of the lead, each of its own type
    ) -> None:
        if to is LeadStatus.HANDED_OFF:
            # A human gets a summary of the transcript, so this is written for each lead.
            await handoff.hand_to_human(
                self.session, change.lead, reason=reason, actor=ACTOR, now=self.now, **columns
            )
            return
        written, event = transition(change.lead, to, reason=reason, actor=ACTOR, now=self.now, **columns)
        self.events.append(event)
        change.set(**written)

    async def _record_peer(self, change: LeadChange, found: PeerFound) -> None:
        lead, peer = change.lead, found.peer
        if change.joins is not None:
            # Set first, because the text for the other conversation depends on it.
            change.set(resolved_via=found.via)
            await self._join(change, change.joins)
            return
        if lead.telegram_user_id == peer.user_id:
            await outbox.requeue(self.session, change.lead_id, greeting=True)
        else:
            self.newly_found.append(change.lead_id)
        columns = {
            "telegram_user_id": peer.user_id,
            "access_hash": peer.access_hash,
            "account_id": self.me.account_id,
            "resolved_via": found.via,
        }
        reason = contact_evidence.describe_finding(lead, found.via)
        await self._change_status(change, LeadStatus.RESOLVED, reason, **columns)
        change.due = self.now

    async def _join(self, change: LeadChange, known: Lead) -> None:
        await repeat_requests.add_request_to_conversation(
            self.session, change.lead, known, now=self.now, debounce=self.config.debounce
        )
        state = "with a human" if known.status is LeadStatus.HANDED_OFF else "open"
        reason = f"the same person's conversation is {state} as lead {known.id}"
        await self._change_status(change, LeadStatus.HANDED_OFF, reason, duplicate_of=known.id)

    async def _fall_back(self, change: LeadChange, reason: str, to: contact_evidence.ContactKind) -> None:
        failed = {"username_error" if to == "phone" else "phone_error": reason}
        if change.lead.status is LeadStatus.PENDING:
            change.set(**failed)
        else:
            await self._change_status(change, LeadStatus.PENDING, reason, **failed)
        change.due = self.now

    async def _look_up_again(self, change: LeadChange, reason: str) -> None:
        """Forget the person who was found: the text that waits for them is not sent."""
        await outbox.cancel_queued(self.session, change.lead_id, reason)
        no_person = {"telegram_user_id": None, "access_hash": None, "resolved_via": None}
        await self._change_status(change, LeadStatus.PENDING, reason, **no_person)
        change.due = self.now

    async def _queue_message(self, change: LeadChange, message: QueueMessage) -> None:
        if not await planned_messages.on_queued(self.session, change, message, now=self.now):
            return
        self.messages.append((change.lead, message))
        await self._record_understood(change, message)
        change.set(**CLEAR_FAILURES)
        await open_questions.record(self.session, change, message, self.config.owner_language, now=self.now)
        if not self.config.drafts:
            change.due = self.now

    async def _record_understood(self, change: LeadChange, outcome: QueueMessage | NoReplyNeeded) -> None:
        self.handled |= dict.fromkeys(outcome.answers_message_ids, outcome.intent)
        # The model's verdict is stored with the answer; without an answer, with the last message.
        if outcome.answers_message_ids and isinstance(outcome, NoReplyNeeded) and outcome.source is not None:
            self.verdicts[max(outcome.answers_message_ids)] = outbox.model_columns(outcome.source)
        if outcome.do_not_contact:
            await suppression_list.add(
                self.session,
                contact_evidence.identity_in_chat(change.lead),
                reason="asked not to be written to",
                actor=suppression_list.PERSON,
                now=self.now,
                lead_id=change.lead_id,
            )

    async def _suppress(self, change: LeadChange, reason: str) -> None:
        lead = change.lead
        await planned_messages.cancel_all(self.session, change, reason, now=self.now)
        cancelled = await outbox.cancel_queued(self.session, change.lead_id, reason)
        unanswered = await inbox.mark_handled_for_human(self.session, change.lead_id)
        target = LeadStatus.HANDED_OFF if cancelled or unanswered else None
        if not unanswered and may_become(lead.status, LeadStatus.UNREACHABLE):
            target = LeadStatus.UNREACHABLE
        if target is not None and may_become(lead.status, target):
            await self._change_status(change, target, reason, last_error=reason)
        else:
            change.set(**CLEAR_FAILURES)

    async def _delivered(self, change: LeadChange, message_id: int) -> None:
        if (message := change.sent) is None:
            raise LostRaceError(f"message {message_id} of lead {change.lead_id} is gone")
        if message.kind == "follow_up":
            await planned_messages.on_sent(self.session, change, message.key, now=self.now)
        target = message.next_status
        # The lead may have been moved, for example taken over, while the message was on its way.
        if target is not None and await self.may_still_apply(change.lead, target):
            await self._change_status(change, target, message.next_reason or f"{message.kind} delivered")
        else:
            change.set(**CLEAR_FAILURES, updated_at=self.now)

    async def _undeliverable(self, change: LeadChange, message_id: int, reason: str) -> None:
        lead = change.lead
        if not await outbox.record_failed(self.session, message_id, reason):
            # An earlier commit recorded this, but its answer was lost. Keep the lead as it is.
            change.due = lead.due_at
        elif lead.status is not LeadStatus.RESOLVED:
            await self._give_up(change, LeadStatus.FAILED, reason)
        elif (other := contact_evidence.fallback_of(lead)) is not None:
            await self._fall_back(change, reason, other)
        else:
            await self._give_up(change, LeadStatus.UNREACHABLE, reason)

    async def _retry(self, change: LeadChange, error: str) -> None:
        config, attempts = self.config, change.lead.attempts + 1
        if attempts >= config.max_attempts:
            await self._give_up(change, LeadStatus.FAILED, f"after {attempts} attempts: {error}")
            return
        change.set(attempts=attempts, last_error=error)
        change.due = self.now + backoff(attempts, base=config.retry_base, maximum=config.retry_max)

    async def _give_up(
        self, change: LeadChange, to: LeadStatus, reason: str, peer: Peer | None = None
    ) -> None:
        # A lead that has the booking link can no longer fail: it goes to a human.
        target = to if may_become(change.lead.status, to) else LeadStatus.HANDED_OFF
        await outbox.cancel_queued(self.session, change.lead_id, reason)
        await planned_messages.cancel_all(self.session, change, reason, now=self.now)
        if may_become(change.lead.status, target):
            await self._change_status(change, target, reason, last_error=reason, **self._known(peer))
        else:
            change.set(last_error=reason)

    def _known(self, peer: Peer | None) -> Mapping[str, Any]:
        """Return the columns of a person who cannot be written to, but who may write to us."""
        if peer is None:
            return {}
        return {
            "telegram_user_id": peer.user_id,
            "access_hash": peer.access_hash,
            "account_id": self.me.account_id,
        }

    async def _return_to_assistant(self, change: LeadChange, reason: str) -> None:
        try:
            await handoff.return_to_assistant(
                self.session, change.lead, reason=reason, actor=ACTOR, now=self.now
            )
        except HandoffError as refusal:
            # The contact has another open conversation: this one stays with the human.
            change.set(returns_at=None, last_error=str(refusal))
