"""The account's pace: when it may next look somebody up or begin a conversation; kept in the database."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.db import DATABASE_DOWN, Database
from shared.models import Lead, Message
from shared.together import Together
from worker import account, handover, openings, outbox, outreach
from worker.account import Lookup
from worker.local_time import local_time
from worker.openings import Due, Opened
from worker.outcomes import Wait
from worker.outreach import Hours, Limits, is_fresh
from worker.ports import NotYetError
from worker.queue import Claim, Me

# An older lead lets those who have just sent the form go first, and asks again soon.
YIELD = timedelta(seconds=2)
YIELDS = "lets those who have just written go first"


class Pace:
    """Asked before a look-up and before a first message; answers in running conversations need no leave.

    Who asks at the same time is answered in one transaction, in their order.
    """

    def __init__(
        self,
        database: Database,
        me: Me,
        limits: Limits,
        clock: Clock,
        zone: tzinfo,
        hours: Hours | None = None,
        *,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.database = database
        self.me = me
        self.limits = limits
        self.clock = clock
        self.zone = zone
        self.hours = hours
        self._chance = chance
        self._lookups = Together(self._begin_lookups)
        self._openings = Together(self._begin_conversations)
        # One worker speaks for the account, so its memory knows all, once it has looked.
        self._is_refused = True

    async def begin(self, session: AsyncSession, claim: Claim, due: Due, *, limit: int) -> Opened:
        """Take up to `limit` new leads whose turn it is; at the end of the hours all others are put off."""
        new = await openings.claim(session, claim, self.limits, due, limit=limit)
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
        gap = self.limits.lookup_gap if spaced else None
        wait = await self._lookups.ask(Lookup(method, most, gap))
        if wait is not None:
            raise NotYetError(wait, f"keeping the pace of {method}")

    async def _begin_lookups(self, lookups: Sequence[Lookup]) -> Sequence[timedelta | None]:
        now = self.clock()
        async with self.database.writing() as session:
            free = await account.begin_lookups(session, self.me.account_id, lookups, now=now)
        return [None if moment is None else moment - now for moment in free]

    async def before_first_message(self, lead: Lead, message: Message) -> Wait | None:
        """None = send now; the slot is taken, once for each message however often it is tried."""
        if message.released_at is not None:
            return None
        if wait := self.before_opening(lead):
            return wait
        return await self._openings.ask((lead, message))

    async def _begin_conversations(self, firsts: Sequence[tuple[Lead, Message]]) -> Sequence[Wait | None]:
        now = self.clock()
        fresh = [is_fresh(lead.source, lead.created_at, now) for lead, _ in firsts]
        async with self.database.writing() as session:
            yields = not all(fresh) and await openings.fresh_are_coming(session, self.me, now=now)
            turns = [is_now or not yields for is_now in fresh]
            kinds = [kind for kind, has_turn in zip(fresh, turns, strict=True) if has_turn]
            slots = await account.begin_conversations(
                session, self.me.account_id, self.limits, kinds, now=now, chance=self._chance
            )
            given = iter(slots)
            free = [next(given) if has_turn else now + YIELD for has_turn in turns]
            released = [message.id for (_, message), wait in zip(firsts, free, strict=True) if wait is None]
            if released:
                await outbox.release(session, released, now=now)
        reasons = ["keeping the pace of first messages" if has_turn else YIELDS for has_turn in turns]
        return [
            None if moment is None else Wait(moment - now, reason)
            for moment, reason in zip(free, reasons, strict=True)
        ]

    async def refused(self, reason: str) -> timedelta:
        """Telegram lets this account write to no strangers: gives for how long they are left alone now."""
        now = self.clock()
        self._is_refused = True
        async with self.database.writing() as session:
            wait = await account.refuse_strangers(session, self.me.account_id, reason, now=now)
            if await handover.has_others(session, self.me.account_id, now=now):
                await handover.hand_on(session, self.me.account_id, now=now, reason=reason)
        return wait

    async def got_through(self) -> None:
        """A first message was delivered; a lost database must not hide that."""
        if not self._is_refused:
            return
        # What is refused meanwhile is refused.
        self._is_refused = False
        try:
            async with self.database.writing() as session:
                await account.accept_strangers(session, self.me.account_id, now=self.clock())
        except DATABASE_DOWN:
            self._is_refused = True

    @property
    def few_ahead(self) -> bool:
        """Whether only some of those who are due are prepared at a time."""
        return outreach.ahead(self.limits.outreach_gap, openings.MOST_AHEAD) < openings.MOST_AHEAD
