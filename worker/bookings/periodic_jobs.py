"""The rounds about bookings, in the background of the worker: each minute."""

import asyncio
import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, or_, select

from shared.bookings import lead_state, planning
from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import Booking, Lead
from shared.leads.handoff import lock
from shared.statuses import LeadStatus
from shared.translations import Language
from worker.bookings import notices
from worker.bookings.polling import Polling

log = logging.getLogger(__name__)

ROUND_SECONDS = 60.0
# Longer than whatever is planned after a meeting.
_LOOKED_AT = timedelta(hours=12)
_STATUSES = (LeadStatus.BOOKED, LeadStatus.SCHEDULED)
ACTOR = "worker"


@dataclass
class BookingRounds:
    """The rounds of one account. `language`: of the owner's notices; `pollings`: one for each scheduler."""

    database: Database
    account_id: int
    clock: Clock
    language: Language | None
    pollings: Sequence[Polling] = ()
    seconds: float = ROUND_SECONDS

    async def run(self) -> None:
        """Look at bookings until cancelled."""
        while True:
            try:
                await self.run_once()
            except DATABASE_DOWN as error:
                log.warning("bookings are looked at later: %s", type(error).__name__)
            await asyncio.sleep(self.seconds)

    async def run_once(self) -> int:
        """Plan what is missing, poll if it is time, and tell the owner; returns how many changes were new."""
        await self.plan_missing()
        found = sum([await one.run_once() for one in self.pollings])
        if self.language is not None:
            async with self.database.writing() as session:
                await notices.report_unmatched(session, self.account_id, self.language, now=self.clock())
                for one in self.pollings:
                    if one.is_webhook_broken:
                        names = (one.source, one.name)
                        await notices.report_disabled(
                            session, self.account_id, self.language, *names, now=self.clock()
                        )
        return found

    async def plan_missing(self) -> int:
        """Plan reminders that a takeover or a cancelled draft has ended, for meetings that still stand.

        Returns how many leads needed it.
        """
        leads = await self._without_reminders()
        for lead_id in leads:
            async with self.database.writing() as session:
                lead = await lock(session, lead_id)
                if lead is not None and lead.status in _STATUSES:
                    await lead_state.apply(session, lead, actor=ACTOR, now=self.clock())
        return len(leads)

    async def _without_reminders(self) -> Collection[int]:
        now = self.clock()
        recent = or_(col(Booking.start_at) > now - _LOOKED_AT, col(Booking.updated_at) > now - _LOOKED_AT)
        rows = (
            select(Lead.id, Lead.status)
            .join(Booking, col(Booking.lead_id) == col(Lead.id))
            .where(recent, col(Lead.account_id) == self.account_id, col(Lead.status).in_(_STATUSES))
            .distinct()
        )
        async with self.database.reading() as session:
            statuses = dict((await session.exec(rows)).all())
            if not statuses:
                return ()
            bookings = await planning.load_bookings(session, list(statuses), now)
            found = {lead_id: (LeadStatus(status), bookings[lead_id]) for lead_id, status in statuses.items()}
            plans = await planning.load_plans(session, found, now)
        return [lead_id for lead_id, plan in plans.items() if plan.missing]
