"""What is read before a step: the lead, all that was said, and whether its person may be written to."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.db import Database
from shared.errors import LostRaceError
from shared.models import Lead
from shared.status import LeadStatus
from shared.together import Together
from worker import outbox, queue, requests
from worker.queue import Me
from worker.silence import why_silent
from worker.work import Work


@dataclass(frozen=True)
class Look:
    """`silent`: why the lead's person is to be left alone, if they are."""

    work: Work
    silent: str | None


class Looks:
    """One worker's; those that are asked for at the same time are read together."""

    def __init__(self, database: Database, me: Me) -> None:
        self._database = database
        self._me = me
        self._together = Together(self._read)

    async def at(self, lead: Lead) -> Look:
        """How it stands with the lead now; raises LostRaceError if the lease is lost."""
        return await self._together.ask(lead.id or 0)

    async def _read(self, lead_ids: Sequence[int]) -> Sequence[Look | Exception]:
        async with self._database.reading() as session:
            leads = await queue.look(session, lead_ids, self._me)
            said = await outbox.transcripts(session, [lead.id or 0 for lead in leads])
            greeted = [lead for lead in leads if lead.status is LeadStatus.RESOLVED]
            met = await requests.met_before(session, self._me.account_id, greeted) if greeted else set()
            works = [Work(lead, said[lead.id or 0], lead.id in met) for lead in leads]
            silent = await why_silent(session, works)
        seen = {work.id: Look(work, why) for work, why in zip(works, silent, strict=True)}
        return [
            seen.get(lead_id) or LostRaceError(f"lead {lead_id} is no longer this worker's")
            for lead_id in lead_ids
        ]
