"""The account's pace: when it may next look somebody up or begin a conversation; kept in the database."""

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.db import DATABASE_DOWN, Database
from shared.models import Lead, Message
from worker import account, handover, holds, openings, outbox, outreach, usage
from worker.local_time import local_time
from worker.openings import Opened
from worker.outcomes import Wait
from worker.outreach import Hours, Limits, is_fresh
from worker.ports import NotYetError
from worker.queue import Claim, Me

# An older lead lets those who have just sent the form go first, and asks again soon.
YIELD = timedelta(seconds=2)


@dataclass(frozen=True)
class Pace:
    """Asked before a look-up and before a first message; answers in running conversations need no leave."""

    database: Database
    me: Me
    limits: Limits
    clock: Clock
    zone: tzinfo
    hours: Hours | None = None
    chance: Callable[[], float] = random.random

    async def begin(self, session: AsyncSession, claim: Claim, *, limit: int) -> Opened:
        """Take up to `limit` new leads whose turn it is; at the end of the hours all others are put off."""
        new = await openings.claim(session, claim, self.limits, limit=limit)
        if any(self.opens(lead, claim.now) for lead in new.leads):
            await openings.close(session, claim.me, self.opens, now=claim.now)
        return new

    def before_opening(self, lead: Lead) -> Wait | None:
        """None = a good hour for a first message; whoever has just sent the form is there at any."""
        now = self.clock()
        opens = self.opens(lead, now)
        return Wait(opens - now, openings.CLOSED) if opens else None

    def opens(self, lead: Lead, now: datetime) -> datetime | None:
        """When the hours for a first message to this person begin; None if now is as good (UTC)."""
        if self.hours is None or is_fresh(lead.source, lead.created_at, now):
            return None
        zone = local_time(now.astimezone(self.zone), lead.phone_e164).tzinfo
        return self.hours.next_opening(now, zone)

    async def before_lookup(self, method: str, most: int | None = None, *, spaced: bool = True) -> None:
        """Take the slot for one call of `method`, of which `most` in 24 hours; raises NotYetError.

        `spaced`: the call keeps its distance from the look-up before.
        """
        now, gap = self.clock(), self.limits.lookup_gap if spaced else None
        async with self.database.writing() as session:
            free = await account.begin_lookup(session, self.me.account_id, method, most, gap=gap, now=now)
        if free is not None:
            raise NotYetError(free - now, f"keeping the pace of {method}")

    async def before_first_message(self, lead: Lead, message: Message) -> Wait | None:
        """None = send now; the slot is taken, once for each message however often it is tried."""
        if message.released_at is not None:
            return None
        if wait := self.before_opening(lead):
            return wait
        now = self.clock()
        fresh = is_fresh(lead.source, lead.created_at, now)
        async with self.database.writing() as session:
            if not fresh and await openings.fresh_are_coming(session, self.me, now=now):
                return Wait(YIELD, "lets those who have just written go first")
            free = await account.begin_conversation(
                session, self.me.account_id, self.limits, fresh=fresh, now=now, chance=self.chance()
            )
            if free is None:
                await outbox.release(session, message.id or 0, now=now)
        return None if free is None else Wait(free - now, "keeping the pace of first messages")

    async def refused(self, reason: str) -> timedelta:
        """Telegram lets this account write to no strangers: gives for how long they are left alone now."""
        now = self.clock()
        async with self.database.writing() as session:
            wait = await account.refuse_strangers(session, self.me.account_id, reason, now=now)
            if await handover.has_others(session, self.me.account_id, now=now):
                await handover.hand_on(session, self.me.account_id, now=now, reason=reason)
        return wait

    async def got_through(self) -> None:
        """A first message was delivered; a lost database must not hide that."""
        with contextlib.suppress(*DATABASE_DOWN):
            async with self.database.reading() as session:
                if await holds.get(session, self.me.account_id, usage.NEW_CONVERSATIONS) is None:
                    return
            async with self.database.writing() as session:
                await account.accept_strangers(session, self.me.account_id, now=self.clock())

    @property
    def few_ahead(self) -> bool:
        """Whether only some of those who are due are prepared at a time."""
        return outreach.ahead(self.limits.outreach_gap, openings.MOST_AHEAD) < openings.MOST_AHEAD
