"""The account's pace: when it may next look somebody up or begin a conversation; kept in the database."""

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from shared.clock import Clock
from shared.db import Database
from shared.models import Message
from worker import account, outbox
from worker.outcomes import Wait
from worker.queue import Me

# PEER_FLOOD lasts for days; asking again within one makes it longer (reported).
PEER_FLOOD_PAUSE = timedelta(days=1)


@dataclass(frozen=True)
class Limits:
    """Gaps between calls, and the most first messages between two midnights of `zone`."""

    outreach_gap: timedelta
    daily_limit: int
    lookup_gap: timedelta
    zone: ZoneInfo


@dataclass(frozen=True)
class Pace:
    """Asked before a look-up and before a first message; answers in running conversations need no leave."""

    database: Database
    me: Me
    limits: Limits
    clock: Clock

    async def before_lookup(self) -> Wait | None:
        """None = look up now; the slot is taken."""
        now = self.clock()
        async with self.database.writing() as session:
            free = await account.reserve_lookup(
                session, self.me.account_id, now=now, gap=self.limits.lookup_gap
            )
        return None if free is None else Wait(free - now, "keeping the pace of look-ups")

    async def before_first_message(self, message: Message) -> Wait | None:
        """None = send now; the slot is taken, once for each message however often it is tried."""
        if message.released_at is not None:
            return None
        now = self.clock()
        async with self.database.writing() as session:
            free = await account.reserve_outreach(
                session,
                self.me.account_id,
                now=now,
                gap=self.limits.outreach_gap,
                daily_limit=self.limits.daily_limit,
                zone=self.limits.zone,
            )
            if free is None:
                await outbox.release(session, message.id or 0, now=now)
        return None if free is None else Wait(free - now, "keeping the pace of first messages")

    async def hold_lookups(self, wait: timedelta) -> None:
        """Telegram asked for a pause in looking people up."""
        async with self.database.writing() as session:
            until = self.clock() + wait
            await account.hold_pace(session, self.me.account_id, account.NEXT_LOOKUP, until=until)

    async def hold_outreach(self, wait: timedelta, reason: str) -> None:
        """Telegram asked for a pause in first messages."""
        now = self.clock()
        async with self.database.writing() as session:
            await account.hold_pace(session, self.me.account_id, account.NEXT_OUTREACH, until=now + wait)
            await account.set_state(session, self.me.account_id, "limited", reason, now=now)
