"""Outreach rate limiter of one account: when it may look up a contact or send a first message."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import Lead, Message
from shared.group_commit import GroupCommit
from worker.accounts import account_state, quota_reservations
from worker.accounts.quota_reservations import Lookup
from worker.domain import sending_limits
from worker.domain.config.outreach_hours import Hours
from worker.domain.local_time import to_local_time
from worker.domain.outcomes import Wait
from worker.domain.sending_limits import Limits, is_hot
from worker.domain.telegram_port import AccountRestrictedError, PeerFloodError, SlotUnavailableError
from worker.domain.wait_reasons import OUTSIDE_HOURS
from worker.messaging import outbox
from worker.outreach import new_leads, reassignment
from worker.outreach.fair_order import FairOrder
from worker.outreach.new_leads import ClaimedNewLeads, DueSummary
from worker.outreach.restriction import Restriction
from worker.queue.leases import ClaimRequest, WorkerId

# A cold lead waits this long, again and again, while hot leads are in preparation.
YIELD_DELAY = timedelta(seconds=2)
YIELD_REASON = "lets those who have just written go first"


class OutreachRateLimiter:
    """Reserves quota slots for look-ups and first messages; later messages of a conversation need none.

    Requests that come at the same time are answered in one transaction, in their order.
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
        self._fair_order = FairOrder()
        # Of the whole account: neither look-ups nor messages, also in open conversations.
        self.restriction = Restriction(clock)
        self._lookups = GroupCommit(self._reserve_lookups)
        self._first_messages = GroupCommit(self._reserve_conversations)
        # Only one worker uses the account, so this flag is right after the first delivery.
        # Until then the database may hold a block from an earlier run.
        self._may_be_blocked = True

    async def claim_new_leads(
        self, session: AsyncSession, claim: ClaimRequest, due: DueSummary, *, limit: int
    ) -> ClaimedNewLeads:
        """Claim up to `limit` new leads.

        If one of them is outside its hours of outreach, all other such leads are postponed at once.
        """
        new = await new_leads.claim(
            session, claim, self.limits, due, limit=limit, fair_order=self._fair_order
        )
        if any(self.next_opening(lead, claim.now) for lead in new.leads):
            await new_leads.postpone_outside_hours(session, claim.me, self.next_opening, now=claim.now)
        return new

    def check_hours(self, lead: Lead) -> Wait | None:
        """Return a Wait if the lead is outside its hours of outreach; None if it may be written to now."""
        now = self.clock()
        opening = self.next_opening(lead, now)
        return Wait(opening - now, OUTSIDE_HOURS) if opening else None

    def next_opening(self, lead: Lead, now: datetime) -> datetime | None:
        """Return when the lead's hours of outreach begin (UTC); None if they are open now or it is hot."""
        if self.hours is None or is_hot(lead.source, lead.created_at, now):
            return None
        zone = to_local_time(now.astimezone(self.zone), lead.phone_e164).tzinfo
        return self.hours.next_opening(now, zone)

    async def reserve_lookup(self, method: str, limit: int | None = None, *, spaced: bool = True) -> None:
        """Reserve a quota slot for one call of `method`, of which `limit` are allowed in 24 hours.

        `spaced`: the call keeps the gap after the look-up before it.
        Raises SlotUnavailableError if no slot is free yet.
        """
        if (pause := self.restriction.check()) is not None:
            raise SlotUnavailableError(pause.wait, pause.reason)
        gap = self.limits.lookup_gap if spaced else None
        wait = await self._lookups.submit(Lookup(method, limit, gap))
        if wait is not None:
            raise SlotUnavailableError(wait, f"keeping the pace of {method}")

    async def _reserve_lookups(self, lookups: Sequence[Lookup]) -> Sequence[timedelta | None]:
        now = self.clock()
        async with self.database.writing() as session:
            retry_at = await quota_reservations.reserve_lookups(session, self.me.account_id, lookups, now=now)
        return [None if moment is None else moment - now for moment in retry_at]

    async def reserve_first_message(self, lead: Lead, message: Message) -> Wait | None:
        """Reserve a quota slot for a first message.

        Returns None if the message may be sent now, or else a Wait. A message that already has its slot
        needs no second one, however often it is tried.
        """
        if message.released_at is not None:
            return None
        if wait := self.check_hours(lead):
            return wait
        return await self._first_messages.submit((lead, message))

    async def _reserve_conversations(self, firsts: Sequence[tuple[Lead, Message]]) -> Sequence[Wait | None]:
        now = self.clock()
        hot = [is_hot(lead.source, lead.created_at, now) for lead, _ in firsts]
        async with self.database.writing() as session:
            cold_leads_yield = not all(hot) and await new_leads.has_hot_leads_in_preparation(
                session, self.me, now=now
            )
            has_turn = [kind or not cold_leads_yield for kind in hot]
            slots = await quota_reservations.reserve_conversations(
                session,
                self.me.account_id,
                self.limits,
                [kind for kind, is_next in zip(hot, has_turn, strict=True) if is_next],
                now=now,
                chance=self._chance,
            )
            reserved = iter(slots)
            retry_at = [next(reserved) if is_next else now + YIELD_DELAY for is_next in has_turn]
            released = [
                message.id for (_, message), wait in zip(firsts, retry_at, strict=True) if wait is None
            ]
            if released:
                await outbox.mark_released(session, released, now=now)
        reasons = ["keeping the pace of first messages" if is_next else YIELD_REASON for is_next in has_turn]
        return [
            None if moment is None else Wait(moment - now, reason)
            for moment, reason in zip(retry_at, reasons, strict=True)
        ]

    async def on_peer_flood(self, refusal: PeerFloodError) -> timedelta:
        """Block first messages of this account after a refusal; returns for how long.

        Its leads that were not written to go to other accounts, if another worker is alive.
        """
        now, reason = self.clock(), str(refusal)
        is_restricted = isinstance(refusal, AccountRestrictedError)
        self._may_be_blocked = True
        async with self.database.writing() as session:
            wait = await account_state.block_outreach(
                session, self.me.account_id, reason, now=now, everything=is_restricted
            )
            if await reassignment.other_workers_alive(session, self.me.account_id, now=now):
                await reassignment.reassign_untouched_leads(
                    session, self.me.account_id, now=now, reason=reason
                )
        if isinstance(refusal, AccountRestrictedError) and refusal.stops_sending:
            # After a refused look-up the people who write are still answered.
            self.restriction.begin(wait, reason)
        return wait

    async def on_delivered(self, *, is_first: bool) -> None:
        """Telegram has accepted a message: it ends a restriction, and a first one ends a block of those."""
        if is_first or self.restriction.is_known:
            self.restriction.end()
            await self.on_first_message_delivered()

    async def on_first_message_delivered(self) -> None:
        """Remove a block of first messages; raises nothing in a database outage."""
        if not self._may_be_blocked:
            return
        # Cleared before the database call: a PEER_FLOOD during that call sets it again.
        self._may_be_blocked = False
        try:
            async with self.database.writing() as session:
                await account_state.unblock_outreach(session, self.me.account_id, now=self.clock())
        except DATABASE_DOWN:
            self._may_be_blocked = True

    @property
    def limits_preparation(self) -> bool:
        """True if only some of the new leads that are due are prepared at a time."""
        maximum = new_leads.MAX_PREPARED
        return sending_limits.max_prepared(self.limits.outreach_gap, maximum) < maximum
