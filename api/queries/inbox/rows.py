"""The rows of the inbox: leads with their last words, marks and owners."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, literal_column
from sqlmodel import and_, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from api.queries.inbox.urgent import GIVEN_UP_SHOWN_FOR, not_draft
from shared.database.console_models import LeadView
from shared.database.models import Lead, LeadEvent, Message
from shared.statuses import GIVEN_UP, NOT_GREETED, LeadStatus


@dataclass(frozen=True)
class InboxRow:
    """One lead of the inbox. `waits_since`: the person waits for us since then."""

    lead: Lead
    last: Message | None
    has_draft: bool
    # Who has taken the conversation over.
    owner: str | None
    is_unread: bool
    needs_somebody: bool
    waits_since: datetime | None


async def rows_of(
    session: AsyncSession, ids: Sequence[int], user_id: int, now: datetime
) -> Sequence[InboxRow]:
    """Return the leads with what the inbox shows of them, in the order of `ids`."""
    if not ids:
        return []
    last = (
        select(Message.id)
        .where(col(Message.lead_id) == col(Lead.id), not_draft())
        .order_by(col(Message.id).desc())
        .limit(1)
        .correlate(Lead)
        .scalar_subquery()
    )
    owner = (
        select(LeadEvent.actor)
        .where(col(LeadEvent.lead_id) == col(Lead.id), col(LeadEvent.to_status) == LeadStatus.HANDED_OFF)
        .order_by(col(LeadEvent.id).desc())
        .limit(1)
        .correlate(Lead)
        .scalar_subquery()
    )
    query = (
        select(
            Lead, Message, case((col(Lead.status) == LeadStatus.HANDED_OFF, owner)), LeadView.last_message_id
        )
        .outerjoin(Message, col(Message.id) == last)
        .outerjoin(LeadView, and_(col(LeadView.lead_id) == col(Lead.id), col(LeadView.user_id) == user_id))
        .where(col(Lead.id).in_(ids))
    )
    is_draft = col(Message.state) == literal_column("'draft'")
    drafts = set(await session.exec(select(Message.lead_id).where(col(Message.lead_id).in_(ids), is_draft)))
    found = {
        lead.id: _row(lead, message, owner_name, seen, has_draft=lead.id in drafts, now=now)
        for lead, message, owner_name, seen in await session.exec(query)
    }
    return [found[lead_id] for lead_id in ids if lead_id in found]


def _row(
    lead: Lead, last: Message | None, owner: str | None, seen: int | None, *, has_draft: bool, now: datetime
) -> InboxRow:
    is_incoming = last is not None and last.direction == "in"
    is_new = lead.updated_at > now - GIVEN_UP_SHOWN_FOR
    can_be_helped = lead.status is LeadStatus.FAILED or lead.phone_e164 is not None
    needs = (
        has_draft
        or lead.open_question is not None
        or (lead.status is LeadStatus.HANDED_OFF and is_incoming)
        or (lead.status in GIVEN_UP and is_new and can_be_helped)
    )
    waits_since = None
    if lead.status in NOT_GREETED or (last is None and needs):
        waits_since = lead.created_at
    elif last is not None and ((is_incoming and last.state == "received") or needs):
        waits_since = last.created_at
    is_unread = last is not None and is_incoming and last.id > (seen or 0)
    return InboxRow(lead, last, has_draft, owner, is_unread, needs, waits_since)
