"""Checks leads against the suppression list: before each step, and again right before a send."""

from collections.abc import Sequence

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import DoNotContact
from shared.leads import suppression_list
from shared.leads.suppression_list import PERSON, SuppressedIdentity
from worker.domain.conversation import Conversation


async def suppression_reasons(
    session: AsyncSession, conversations: Sequence[Conversation]
) -> Sequence[str | None]:
    """Return, in the same order, why each contact is suppressed, or None if it may be written to.

    A suppressed contact gets no message and is not looked up in Telegram. One exception: a contact who
    has just asked not to be written to still gets the apology.
    """
    entries = await suppression_list.find_entries(
        session, [SuppressedIdentity.of(conversation.lead) for conversation in conversations]
    )
    return [_reason(conversation, entry) for conversation, entry in zip(conversations, entries, strict=True)]


def _reason(conversation: Conversation, entry: DoNotContact | None) -> str | None:
    if entry is None:
        return None
    opted_out_here = entry.actor == PERSON and entry.lead_id == conversation.lead.id
    if opted_out_here and conversation.queued is not None and conversation.queued.kind == "apology":
        return None
    return f"on the do-not-contact list: {entry.reason}"
