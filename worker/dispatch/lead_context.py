"""What is read before a step: the lead, all that was said, and whether its person may be written to."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.database.engine import Database
from shared.database.models import Lead
from shared.errors import LostRaceError
from shared.group_commit import GroupCommit
from shared.statuses import LeadStatus
from worker.domain.conversation import Conversation
from worker.messaging import outbox, repeat_requests
from worker.messaging.suppression import suppression_reasons
from worker.queue import leases
from worker.queue.leases import WorkerId


@dataclass(frozen=True)
class LeadContext:
    """`silent`: why the lead's person is to be left alone, if they are."""

    conversation: Conversation
    suppressed_because: str | None


class LeadContextLoader:
    """One worker's; those that are asked for at the same time are read together."""

    def __init__(self, database: Database, me: WorkerId) -> None:
        self._database = database
        self._me = me
        self._together = GroupCommit(self._read)

    async def load(self, lead: Lead) -> LeadContext:
        """How it stands with the lead now; raises LostRaceError if the lease is lost."""
        return await self._together.submit(lead.id)

    async def _read(self, lead_ids: Sequence[int]) -> Sequence[LeadContext | Exception]:
        async with self._database.reading() as session:
            leads = await leases.load_leased(session, lead_ids, self._me)
            said = await outbox.transcripts(session, [lead.id for lead in leads])
            greeted = [lead for lead in leads if lead.status is LeadStatus.RESOLVED]
            met = (
                await repeat_requests.returning_lead_ids(session, self._me.account_id, greeted)
                if greeted
                else set()
            )
            works = [Conversation(lead, said[lead.id], lead.id in met) for lead in leads]
            silent = await suppression_reasons(session, works)
        seen = {work.id: LeadContext(work, why) for work, why in zip(works, silent, strict=True)}
        return [
            seen.get(lead_id) or LostRaceError(f"lead {lead_id} is no longer this worker's")
            for lead_id in lead_ids
        ]
