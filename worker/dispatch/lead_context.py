"""Reads the context of a step: the lead, its transcript, and whether its contact may be written to."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.database.engine import Database
from shared.database.models import Lead
from shared.errors import LostRaceError
from shared.group_commit import GroupCommit
from shared.leads import pauses
from shared.statuses import LeadStatus
from worker.domain.conversation import Conversation
from worker.follow_ups.planned import NO_PLAN, load_plans
from worker.messaging import outbox, repeat_requests
from worker.messaging.pause_scope import is_paused
from worker.messaging.suppression import suppression_reasons
from worker.queue import leases
from worker.queue.leases import WorkerId


@dataclass(frozen=True)
class LeadContext:
    """`suppressed_because`: why the contact must not be written to, or None. `is_paused`: by the owner."""

    conversation: Conversation
    suppressed_because: str | None
    is_paused: bool = False


class LeadContextLoader:
    """The loader of one worker. Contexts that are requested at the same time are read in one transaction."""

    def __init__(self, database: Database, me: WorkerId) -> None:
        self._database = database
        self._me = me
        self._together = GroupCommit(self._read)

    async def load(self, lead: Lead) -> LeadContext:
        """Read the current context of a lead; raises LostRaceError if this worker has lost the lease."""
        return await self._together.submit(lead.id)

    async def _read(self, lead_ids: Sequence[int]) -> Sequence[LeadContext | Exception]:
        async with self._database.reading() as session:
            leads = await leases.load_leased(session, lead_ids, self._me)
            transcripts = await outbox.transcripts(session, [lead.id for lead in leads])
            greeted = [lead for lead in leads if lead.status is LeadStatus.RESOLVED]
            returning = (
                await repeat_requests.returning_lead_ids(session, self._me.account_id, greeted)
                if greeted
                else set()
            )
            plans = await load_plans(
                session, [lead.id for lead in leads if lead.follow_up_at], self._me.account_id
            )
            conversations = [
                Conversation(
                    *(lead, transcripts[lead.id], lead.id in returning), *plans.get(lead.id, NO_PLAN)
                )
                for lead in leads
            ]
            reasons = await suppression_reasons(session, conversations)
            pause = await pauses.current(session)
        contexts = {
            conversation.id: LeadContext(conversation, reason, is_paused(conversation, pause))
            for conversation, reason in zip(conversations, reasons, strict=True)
        }
        return [
            contexts.get(lead_id) or LostRaceError(f"the lease of lead {lead_id} is lost")
            for lead_id in lead_ids
        ]
