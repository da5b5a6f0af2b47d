"""Drafts: a human sends or rejects a message that the assistant has written."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.models import LEADS, MESSAGES, Lead, Message
from shared.errors import LeadAssistantError
from shared.leads import handoff, plans
from shared.leads.message_ids import new_random_id

REJECTED = "the draft was rejected"


class DraftError(LeadAssistantError):
    """The message is not a draft, or no longer one; the text says what it is. Nothing is written."""


async def lock_draft(session: AsyncSession, message_id: int) -> tuple[Lead, Message] | None:
    """Lock the message's lead, then load both; returns None if there is no such message of ours."""
    found = await session.get(Message, message_id)
    if found is None or found.direction == "in":
        return None
    lead = await handoff.lock(session, found.lead_id)
    if lead is None:
        return None
    await session.refresh(found)
    return lead, found


async def approve(
    session: AsyncSession, lead: Lead, message: Message, text: str | None, *, now: datetime
) -> None:
    """Queue the draft, or `text` in its place; repeating it changes nothing.

    The lead must be locked. Raises DraftError if the message is cancelled, has failed, or was never a draft.
    """
    if message.state == "draft":
        await session.exec(
            update(MESSAGES)
            .where(MESSAGES.c.id == message.id)
            .values(state="queued", random_id=new_random_id(), text=text or message.text, approved_at=now)
        )
        await session.exec(update(LEADS).where(LEADS.c.id == lead.id).values(due_at=now, updated_at=now))
    elif message.state not in {"queued", "sent"}:
        raise _no_draft(message)
    elif message.approved_at is None:
        raise DraftError("the message was not a draft")
    await session.refresh(message)


async def reject(session: AsyncSession, lead: Lead, message: Message, *, actor: str, now: datetime) -> None:
    """Cancel the draft and hand the conversation to a human; repeating it changes nothing.

    The lead must be locked. Raises DraftError if the message is on its way.
    """
    if message.state == "draft":
        # The person's messages are still unanswered: after a release, the assistant has to answer them.
        await handoff.reopen_unanswered(session, lead, include_classified=True)
        if (planned_id := plans.planned_id_of(message.key)) is not None:
            # It was not wanted: unlike what else the handoff cancels, it is not planned again.
            await plans.cancel(session, lead.id, only=[planned_id], reason=REJECTED, actor=actor, now=now)
        await handoff.hand_to_human(session, lead, reason=REJECTED, actor=actor, now=now)
    elif message.state != "cancelled":
        raise _no_draft(message)
    await session.refresh(message)


def _no_draft(message: Message) -> DraftError:
    why = f": {message.error}" if message.error else ""
    return DraftError(f"the message is {message.state}{why}")
