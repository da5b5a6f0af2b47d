"""Checks a planned message right before it is sent: what was true when it was queued may have changed."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from sqlmodel import col, func, select

from shared.clock import Clock
from shared.database.engine import Database
from shared.database.models import Lead, Message, PlannedMessage
from shared.leads import plans
from worker.dispatch.steps.planned import PlanConfig, situation_of
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Outcome, Wait, Withdrawn
from worker.domain.wait_reasons import OUTSIDE_HOURS
from worker.follow_ups.decisions import needs_slot
from worker.follow_ups.planned import is_limited, load_bookings
from worker.outreach.rate_limiter import OutreachRateLimiter


@dataclass(frozen=True)
class PlannedCheck:
    """The check of one account. `zone` is the owner's time zone."""

    database: Database
    rate_limiter: OutreachRateLimiter
    config: PlanConfig
    clock: Clock
    zone: tzinfo

    async def obstacle(
        self, conversation: Conversation, message: Message, *, has_slot: bool
    ) -> Outcome | None:
        """Return why a queued message is not sent now; None if it may be sent, or was not planned.

        A follow-up to a person who has never answered needs a slot, as a first message does; `has_slot`: an
        earlier check has reserved it.
        """
        planned_id = plans.planned_id_of(message.key)
        if planned_id is None:
            return None
        one, current, newest = await self._load(conversation, planned_id)
        if one is None:
            return Withdrawn(message.id, planned_id, "it was cancelled")
        now = self.clock().astimezone(self.zone)
        situation = situation_of(current, self.config, now)
        found = self.config.planner.may_still_be_sent(one, replace(situation, newest_word=newest))
        if isinstance(found, str):
            return Withdrawn(message.id, planned_id, found)
        if isinstance(found, datetime):
            return Wait(found - situation.now, OUTSIDE_HOURS)
        if needs_slot(one, newest) and not has_slot:
            return await self.rate_limiter.reserve_first_message(conversation.lead, message)
        return None

    async def _load(
        self, conversation: Conversation, planned_id: int
    ) -> tuple[PlannedMessage | None, Conversation, int]:
        """Return the planned message if it is still to be sent, the conversation as it is now, and the id of
        the person's newest message, 0 without one."""
        newest = select(func.max(Message.id)).where(
            col(Message.lead_id) == conversation.id,
            col(Message.direction) == "in",
            col(Message.kind) == "reply",
        )
        async with self.database.reading() as session:
            one = await session.get(PlannedMessage, planned_id)
            lead = (await session.exec(select(Lead).where(col(Lead.id) == conversation.id))).first()
            bookings = await load_bookings(session, [one.booking_id] if one and one.booking_id else [])
            limited = await is_limited(session, self.rate_limiter.me.account_id)
            newest_word = (await session.exec(newest)).one() or 0
        if one is None or lead is None or one.state != "queued":
            return None, conversation, newest_word
        now = replace(conversation, lead=lead, bookings=bookings, is_account_limited=limited)
        return one, now, newest_word
