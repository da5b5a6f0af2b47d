"""The account's pace: when it may next look somebody up or begin a conversation; kept in the database."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import Lead, Message
from shared.group_commit import GroupCommit
from worker.accounts import account_state
from worker.accounts.account_state import Lookup
from worker.domain import outreach_policy
from worker.domain.local_time import local_time
from worker.domain.outcomes import Wait
from worker.domain.outreach_policy import Hours, Limits, is_fresh
from worker.domain.telegram_port import SlotUnavailableError
from worker.messaging import outbox
from worker.outreach import new_leads, reassignment
from worker.outreach.new_leads import ClaimedNewLeads, DueSummary
from worker.queue.leases import ClaimRequest, WorkerId

# An older lead lets those who have just sent the form go first, and asks again soon.
YIELD = timedelta(seconds=2)
YIELDS = "lets those who have just written go first"


class OutreachRateLimiter:
    """Asked before a look-up and before a first message; answers in running conversations need no leave.

    Who asks at the same time is answered in one transaction, in their order.
    """

    def __init__(
        self,
        database: Database,
        me: WorkerId,
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
        self._lookups = GroupCommit(self._begin_lookups)
        self._openings = GroupCommit(self._begin_conversations)
        # One worker speaks for the account, so its memory knows all, once it has looked.
        self._is_refused = True

    async def claim_new_leads(
        self, session: AsyncSession, claim: ClaimRequest, due: DueSummary, *, limit: int
    ) -> ClaimedNewLeads:
        """Take up to `limit` new leads whose turn it is; at the end of the hours all others are put off."""
        new = await new_leads.claim(session, claim, self.limits, due, limit=limit)
        if any(self.opens(lead, claim.now) for lead in new.leads):
            await new_leads.postpone_outside_hours(session, claim.me, self.opens, now=claim.now)
        return new

    def before_opening(self, lead: Lead) -> Wait | None:
        """None = a good hour for a first message; whoever has just sent the form is there at any."""
        now = self.clock()
        opens = self.opens(lead, now)
        return Wait(opens - now, new_leads.CLOSED) if opens else None

    def opens(self, lead: Lead, now: datetime) -> datetime | None:
        """When the hours for a first message to this person begin; None if now is as good (UTC)."""
        if self.hours is None or is_fresh(lead.source, lead.created_at, now):
            return None
        zone = local_time(now.astimezone(self.zone), lead.phone_e164).tzinfo
        return self.hours.next_opening(now, zone)

    async def reserve_lookup(self, method: str, most: int | None = None, *, spaced: bool = True) -> None:
        """Take the slot for one call of `method`, of which `most` in 24 hours; raises NotYetError.

        `spaced`: the call keeps its distance from the look-up before.
        """
        gap = self.limits.lookup_gap if spaced else None
        wait = await self._lookups.submit(Lookup(method, most, gap))
        if wait is not None:
            raise SlotUnavailableError(wait, f"keeping the pace of {method}")

    async def _begin_lookups(self, lookups: Sequence[Lookup]) -> Sequence[timedelta | None]:
        now = self.clock()
        async with self.database.writing() as session:
            free = await account_state.reserve_lookups(session, self.me.account_id, lookups, now=now)
        return [None if moment is None else moment - now for moment in free]

    async def reserve_first_message(self, lead: Lead, message: Message) -> Wait | None:
        """None = send now; the slot is taken, once for each message however often it is tried."""
        if message.released_at is not None:
            return None
        if wait := self.before_opening(lead):
            return wait
        return await self._openings.submit((lead, message))

    async def _begin_conversations(self, firsts: Sequence[tuple[Lead, Message]]) -> Sequence[Wait | None]:
        now = self.clock()
        fresh = [is_fresh(lead.source, lead.created_at, now) for lead, _ in firsts]
        async with self.database.writing() as session:
            yields = not all(fresh) and await new_leads.has_hot_leads_in_preparation(
                session, self.me, now=now
            )
            turns = [is_now or not yields for is_now in fresh]
            kinds = [kind for kind, has_turn in zip(fresh, turns, strict=True) if has_turn]
            slots = await account_state.reserve_conversations(
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

    async def on_peer_flood(self, reason: str) -> timedelta:
        """Telegram lets this account write to no strangers: gives for how long they are left alone now."""
        now = self.clock()
        self._is_refused = True
        async with self.database.writing() as session:
            wait = await account_state.block_outreach(session, self.me.account_id, reason, now=now)
            if await reassignment.other_workers_alive(session, self.me.account_id, now=now):
                await reassignment.reassign_untouched_leads(
                    session, self.me.account_id, now=now, reason=reason
                )
        return wait

    async def on_first_message_delivered(self) -> None:
        """A first message was delivered; a lost database must not hide that."""
        if not self._is_refused:
            return
        # What is refused meanwhile is refused.
        self._is_refused = False
        try:
            async with self.database.writing() as session:
                await account_state.unblock_outreach(session, self.me.account_id, now=self.clock())
        except DATABASE_DOWN:
            self._is_refused = True

    @property
    def few_ahead(self) -> bool:
        """Whether only some of those who are due are prepared at a time."""
        return outreach_policy.ahead(self.limits.outreach_gap, new_leads.MOST_AHEAD) < new_leads.MOST_AHEAD
