"""Stores what is said in the chats the moment it arrives, and catches up with history after a time away."""

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import Lead
from worker.domain.conversation import Conversation
from worker.domain.telegram_port import (
    Arrival,
    Deleted,
    Note,
    Outgoing,
    RateLimitedError,
    SessionRevokedError,
    Telegram,
    TelegramError,
    TelegramUnavailableError,
)
from worker.messaging import inbox, takeover_detection
from worker.messaging.inbox import CatchUpChat
from worker.notifications import owner_commands
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups

log = logging.getLogger(__name__)

# Conversations untouched for longer are not looked through: their people are heard by updates alone.
LOOK_BACK = timedelta(days=30)
# Updates can be lost without a trace (differenceTooLong), so history is looked through now and then.
CATCH_UP_SECONDS = 300
# What was on its way while the last look was taken is looked at again.
OVERLAP = timedelta(minutes=10)
DATABASE_PAUSE_SECONDS = 1
LOOK_BACK_PAUSE_SECONDS = 5


@dataclass(frozen=True)
class Listener:
    """Three tasks of one worker: `run` for what arrives, `catch_up` and `look_back` for what was missed."""

    database: Database
    me: WorkerId
    telegram: Telegram
    wakeups: Wakeups
    clock: Clock
    debounce: timedelta
    takeover_lasts: timedelta | None = None
    owner_chat: str | None = None
    late_conversations: asyncio.Queue[CatchUpChat] = field(default_factory=asyncio.Queue)
    # Set when the owner has written in Saved Messages.
    noted: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, arrivals: asyncio.Queue[Arrival]) -> None:
        """Store each message of `arrivals`, in order, until cancelled."""
        while True:
            await self._receive(await arrivals.get())

    async def catch_up(self, reconnected: asyncio.Event) -> None:
        """Look for what was missed: at once, after each reconnection, and now and then; until cancelled."""
        since = self.clock() - LOOK_BACK
        while True:
            reconnected.clear()
            began = self.clock()
            if await self._look_through(since):
                since = began - OVERLAP
            try:
                async with asyncio.timeout(CATCH_UP_SECONDS):
                    await reconnected.wait()
            except TimeoutError:
                continue

    def add_late_conversation(self, lead: Lead, first_sent: int) -> None:
        """A conversation may have begun before it was recorded, and been answered: let it be read."""
        self.late_conversations.put_nowait(CatchUpChat(lead, first_sent, first_sent))

    async def look_back(self) -> None:
        """Read the conversations in `unheard`, until cancelled.

        Until its first message is recorded, `catch_up` passes a conversation by.
        """
        while True:
            conversation = await self.late_conversations.get()
            try:
                await self._look_through_one(conversation)
            except SessionRevokedError:
                raise
            except (TelegramUnavailableError, RateLimitedError, *DATABASE_DOWN):
                self.late_conversations.put_nowait(conversation)
                await asyncio.sleep(LOOK_BACK_PAUSE_SECONDS)
            except TelegramError as error:
                log.warning("lead %s: its history cannot be read: %s", conversation.lead.id, error)

    async def _receive(self, arrival: Arrival) -> None:
        while True:
            now = self.clock()
            try:
                async with self.database.writing() as session:
                    lead = await self._store(session, arrival, now)
            except DATABASE_DOWN as error:
                log.warning("a message waits for the database: %s", type(error).__name__)
                await asyncio.sleep(DATABASE_PAUSE_SECONDS)
                continue
            except Exception:
                # Telegram still has it; the messages of others must not wait behind it.
                log.exception("%s could not be stored", type(arrival).__name__)
                return
            if isinstance(arrival, Note):
                self.noted.set()
                self.wakeups.wake()
            elif lead is not None:
                what = "a human wrote" if isinstance(arrival, Outgoing) else "a message arrived"
                log.info("lead %s: %s", lead.id, what)
                self.wakeups.wake_at(now + self.debounce)
            return

    async def _store(self, session: AsyncSession, arrival: Arrival, now: datetime) -> Lead | None:
        account_id = self.me.account_id
        if isinstance(arrival, Deleted):
            await inbox.mark_deleted(session, account_id, arrival.message_ids)
            return None
        if isinstance(arrival, Note):
            await owner_commands.execute_command(
                session, account_id, arrival, now=now, takeover_lasts=self.takeover_lasts
            )
            return None
        if isinstance(arrival, Outgoing):
            returns_at = now + self.takeover_lasts if self.takeover_lasts else None
            return await takeover_detection.record_outgoing(
                session,
                account_id,
                arrival,
                now=now,
                returns_at=returns_at,
                owner_chat=self.owner_chat,
            )
        return await inbox.receive(session, account_id, arrival, now=now, debounce=self.debounce)

    async def _look_through(self, since: datetime) -> bool:
        """Compare what Telegram has had since then with what we have; says whether all was looked at."""
        try:
            newest = await self.telegram.newest(since)
            async with self.database.reading() as session:
                since = self.clock() - LOOK_BACK
                known = await inbox.conversations(session, self.me.account_id, newest, since=since)
            for conversation in known:
                if newest.get(conversation.lead.telegram_user_id or 0, 0) > conversation.newest:
                    await self._look_through_or_pass(conversation)
        except SessionRevokedError:
            raise
        except (TelegramError, *DATABASE_DOWN) as error:
            log.warning("catching up was interrupted: %s", error if str(error) else type(error).__name__)
            return False
        return True

    async def _look_through_or_pass(self, conversation: CatchUpChat) -> None:
        try:
            await self._look_through_one(conversation)
        except (SessionRevokedError, TelegramUnavailableError, RateLimitedError):
            raise
        except TelegramError as error:
            # One person's chat that cannot be read must not hide those after it.
            log.warning("lead %s: its history cannot be read: %s", conversation.lead.id, error)

    async def _look_through_one(self, conversation: CatchUpChat) -> None:
        peer = Conversation(conversation.lead, ()).peer
        for arrival in await self.telegram.history(peer, conversation.first_sent):
            await self._receive(arrival)
