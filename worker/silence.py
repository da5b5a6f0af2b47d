"""Whether a lead's person may be written to at all: asked before each step, and right before a send."""

from sqlmodel.ext.asyncio.session import AsyncSession

from shared import do_not_contact
from shared.do_not_contact import PERSON, Contacts
from worker.work import Work


async def why_silent(session: AsyncSession, work: Work) -> str | None:
    """Why nothing may be said to the lead's person, nor Telegram be asked about them; None if it may.

    The apology to somebody who has just asked not to be written to is the one thing they still get.
    """
    entry = await do_not_contact.find(session, Contacts.of(work.lead))
    if entry is None:
        return None
    asked_here = entry.actor == PERSON and entry.lead_id == work.lead.id
    if asked_here and work.queued is not None and work.queued.kind == "apology":
        return None
    return f"on the do-not-contact list: {entry.reason}"
