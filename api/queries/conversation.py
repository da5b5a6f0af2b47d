"""One lead with all that its page in the console shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.queries.personal_data import get_lead_or_404
from shared.bookings.changes import HUMAN
from shared.database.console_models import CannedText, LeadAction, LeadNote, LeadView, User
from shared.database.models import (
    Booking,
    Lead,
    LeadEvent,
    Message,
    PlannedMessage,
    TelegramAccount,
)
from shared.leads import plans
from shared.statuses import LeadStatus


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
    bookings: Sequence[Booking]
    # Messages that will be written without an answer of the person, the next ones first.
    planned: Sequence[PlannedMessage]
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
    def owner(self) -> str | None:
        """Who has taken the conversation over; None while the assistant has it."""
        if self.lead.status is not LeadStatus.HANDED_OFF:
            return None
        taken = (event.actor for event in reversed(self.events) if event.to_status is LeadStatus.HANDED_OFF)
        return next(taken, None)

    @property
    def entered_meeting(self) -> Booking | None:
        """The meeting that a user has entered."""
        entered = (each for each in self.bookings if each.source == HUMAN and each.state == "booked")
        return next(entered, None)

    @property
    def requested(self) -> PlannedMessage | None:
        """The message at the time that was asked for."""
        return next((each for each in self.planned if each.kind == "requested"), None)

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
    bookings = await session.exec(
        select(Booking).where(col(Booking.lead_id) == lead_id).order_by(col(Booking.id))
    )
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
        bookings=bookings.all(),
        planned=(await plans.load_planned(session, [lead_id]))[lead_id],
        seen=view.last_message_id if view else 0,
    )


async def has_newer(session: AsyncSession, lead_id: int, seen: int) -> bool:
    """Return True if the conversation has a message after the one that was seen last."""
    found = exists().where(col(Message.lead_id) == lead_id, col(Message.id) > seen)
    return bool((await session.exec(select(found))).one())
