"""Plans follow-ups for people who have not answered: the steps of the settings are copied to the lead.

A lead enters once for each silence: the time since the person's newest words, or since our first message.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import bindparam, exists, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.engine import Database
from shared.database.models import LEADS, Lead, Message
from shared.leads import plans
from shared.leads.handoff import lock
from shared.statuses import LeadStatus
from worker.domain.config.follow_up_config import FollowUpConfig, FollowUpStep
from worker.domain.conversation import Conversation
from worker.domain.local_time import to_local_time
from worker.follow_ups.working_days import Calendar
from worker.messaging import outbox
from worker.messaging.suppression import suppression_reasons

# A conversation that rested longer, for example while follow-ups were off, is not woken up.
FRESH = timedelta(days=3)
# Read at a time; each lead has a transaction of its own.
BATCH = 200
_STATUSES = (LeadStatus.CONTACTED, LeadStatus.ENGAGED, LeadStatus.SCHEDULED)
# After these the person is not asked again.
_FINAL_KINDS = frozenset({"apology"})


def steps_for(
    conversation: Conversation, config: FollowUpConfig, calendar: Calendar, zone: tzinfo | None
) -> list[dict[str, Any]]:
    """Return the rows of `planned_messages` of a silence; none if there is nothing to follow up. Pure."""
    since = _silent_since(conversation)
    if since is None:
        return []
    is_answered = conversation.newest_word > 0 or conversation.lead.status is LeadStatus.SCHEDULED
    steps: Sequence[FollowUpStep] = config.answered if is_answered else config.never_answered
    if not steps:
        return []
    newest_id = max(one.id for one in conversation.messages)
    base = {"lead_id": conversation.id, "after_message_id": newest_id}
    prefix = f"silence:{conversation.id}:{conversation.newest_word}"
    rows: list[dict[str, Any]] = []
    for number, step in enumerate(steps):
        at = calendar.after(since, step.after, zone)
        text = step.text or None
        rows.append(
            base
            | {"kind": "follow_up", "key": f"{prefix}:{number}", "send_at": at, "step": number, "text": text}
        )
    closes = calendar.after(rows[-1]["send_at"], config.closes_after, zone)
    rows.append(
        base | {"kind": "close", "key": f"{prefix}:close", "send_at": closes, "step": None, "text": None}
    )
    return rows


def _silent_since(conversation: Conversation) -> datetime | None:
    """Return since when the person owes an answer; None if they do not."""
    said = [one for one in conversation.messages if one.state != "deleted"]
    waits = any(one.state in ("queued", "draft", "received") for one in said)
    if waits or conversation.lead.open_question is not None:
        # A colleague was promised to answer: the person waits, not we.
        return None
    told = [one for one in said if one.direction == "in" or one.state == "sent"]
    last = told[-1] if told else None
    if last is None or last.direction == "in" or last.kind in _FINAL_KINDS:
        return None
    return last.sent_at


@dataclass(frozen=True)
class Enrolment:
    """The enrolment of one account. `zone` is the owner's, for people whose own is unknown."""

    database: Database
    account_id: int
    config: FollowUpConfig
    calendar: Calendar
    zone: tzinfo
    # Leads for which nothing is to be planned, with the time of their last change.
    refused: dict[int, datetime] = field(default_factory=dict)

    async def run_once(self, now: datetime) -> int:
        """Plan follow-ups for conversations that have just fallen silent; returns how many."""
        enrolled, since, after = 0, now - FRESH, 0
        for lead_id in [one for one, updated_at in self.refused.items() if updated_at < since]:
            # It is not looked at any more.
            del self.refused[lead_id]
        while True:
            async with self.database.reading() as session:
                values = {"account": self.account_id, "since": since, "after": after}
                waiting = (await session.exec(_WAITING, params=values)).all()
            for lead_id, updated_at in waiting:
                # Nothing was to be planned, and nothing has changed since.
                if self.refused.get(lead_id) == updated_at:
                    continue
                async with self.database.writing() as session:
                    is_enrolled = await self._enrol(session, lead_id, now)
                enrolled += is_enrolled
                if not is_enrolled:
                    self.refused[lead_id] = updated_at
            if len(waiting) < BATCH:
                return enrolled
            after, since = waiting[-1][0], waiting[-1][1]

    async def _enrol(self, session: AsyncSession, lead_id: int, now: datetime) -> bool:
        lead = await lock(session, lead_id)
        if lead is None or not _may_enter(lead):
            return False
        messages = (await outbox.transcripts(session, [lead_id]))[lead_id]
        conversation = Conversation(lead, messages)
        (suppressed,) = await suppression_reasons(session, [conversation])
        if suppressed is not None:
            return False
        zone = to_local_time(now.astimezone(self.zone), lead.phone_e164).tzinfo
        rows = steps_for(conversation, self.config, self.calendar, zone)
        if not rows or rows[0]["send_at"] < now - FRESH:
            return False
        added = await plans.add(session, rows)
        await plans.refresh(session, lead_id, now=lead.updated_at)
        return added > 0


def _may_enter(lead: Lead) -> bool:
    is_idle = lead.follow_up_at is None and lead.due_at is None and lead.leased_by is None
    return is_idle and lead.status in _STATUSES


# The condition is that of the partial index. A silence that was planned once is not planned again.
_WAITING = (
    select(col(Lead.id), col(Lead.updated_at))
    .where(
        LEADS.c.follow_up_at.is_(None),
        LEADS.c.due_at.is_(None),
        LEADS.c.status.in_(_STATUSES),
        or_(
            LEADS.c.updated_at > bindparam("since", type_=LEADS.c.updated_at.type),
            (LEADS.c.updated_at == bindparam("since")) & (LEADS.c.id > bindparam("after")),
        ),
        LEADS.c.account_id == bindparam("account", type_=LEADS.c.account_id.type),
        exists().where(col(Message.lead_id) == LEADS.c.id, col(Message.state) == "sent"),
    )
    .order_by(LEADS.c.updated_at, LEADS.c.id)
    .limit(BATCH)
)
