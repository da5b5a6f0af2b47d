"""Whether a lead's person may be written to at all: asked before each step, and right before a send."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import DoNotContact
from shared.leads import suppression_list
from shared.leads.suppression_list import PERSON, SuppressedIdentity
from worker.domain.conversation import Conversation


async def suppression_reasons(session: AsyncSession, works: Sequence[Conversation]) -> Sequence[str | None]:
    """Why nothing may be said to each lead's person, nor Telegram be asked about them; None if it may.

    The apology to somebody who has just asked not to be written to is the one thing they still get.
    """
    entries = await suppression_list.find_entries(
        session, [SuppressedIdentity.of(work.lead) for work in works]
    )
    return [_why(work, entry) for work, entry in zip(works, entries, strict=True)]


def _why(work: Conversation, entry: DoNotContact | None) -> str | None:
    if entry is None:
        return None
    asked_here = entry.actor == PERSON and entry.lead_id == work.lead.id
    if asked_here and work.queued is not None and work.queued.kind == "apology":
        return None
    return f"on the do-not-contact list: {entry.reason}"
