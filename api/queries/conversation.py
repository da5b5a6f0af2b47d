"""One lead with all that its page in the console shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.queries.personal_data import get_lead_or_404
from shared.database.models import (
    CannedText,
    Lead,
    LeadAction,
    LeadEvent,
    LeadNote,
    LeadView,
    Message,
    TelegramAccount,
    User,
)


@dataclass(frozen=True)
class Conversation:
    """A lead, its messages and its history, each oldest first."""

    lead: Lead
    messages: Sequence[Message]
    events: Sequence[LeadEvent]
    notes: Sequence[LeadNote]
    actions: Sequence[LeadAction]
    account: TelegramAccount | None
    # Names of other users who are typing an answer now.
    answering: Sequence[str]
    canned_texts: Sequence[CannedText]
    # The newest message that this user had seen before.
    seen: int

    @property
    def last_message_id(self) -> int:
        """The id of the newest message, 0 if there is none."""
        return self.messages[-1].id if self.messages else 0

    @property
    def draft(self) -> Message | None:
        """The message that waits for approval."""
        return next((message for message in self.messages if message.state == "draft"), None)

    @property
    def cost_usd(self) -> float | None:
        """What the model cost, as far as its price is known."""
        known = [message.cost_usd for message in self.messages if message.cost_usd is not None]
        return sum(known) if known else None


async def load_conversation(session: AsyncSession, lead_id: int, user_id: int, now: datetime) -> Conversation:
    """Return the lead with its conversation; raises 404 if there is no such lead."""
    lead = await get_lead_or_404(session, lead_id)
    messages = await session.exec(
        select(Message).where(col(Message.lead_id) == lead_id).order_by(col(Message.id))
    )
    events = await session.exec(
        select(LeadEvent).where(col(LeadEvent.lead_id) == lead_id).order_by(col(LeadEvent.id))
    )
    notes = await session.exec(
        select(LeadNote).where(col(LeadNote.lead_id) == lead_id).order_by(col(LeadNote.id))
    )
    actions = await session.exec(
        select(LeadAction).where(col(LeadAction.lead_id) == lead_id).order_by(col(LeadAction.id))
    )
    answering = await session.exec(
        select(User.name)
        .join(LeadView, col(LeadView.user_id) == col(User.id))
        .where(
            col(LeadView.lead_id) == lead_id,
            col(LeadView.user_id) != user_id,
            col(LeadView.answering_until) > now,
        )
    )
    texts = await session.exec(select(CannedText).order_by(col(CannedText.title)))
    view = await session.get(LeadView, (user_id, lead_id))
    return Conversation(
        lead=lead,
        messages=messages.all(),
        events=events.all(),
        notes=notes.all(),
        actions=actions.all(),
        account=await session.get(TelegramAccount, lead.account_id) if lead.account_id else None,
        answering=answering.all(),
        canned_texts=texts.all(),
        seen=view.last_message_id if view else 0,
    )
