"""Stores incoming and outgoing chat messages as they arrive, and finds those missed while disconnected."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database, retry_while_database_down
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
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups

log = logging.getLogger(__name__)

# Conversations untouched for longer are not checked: their messages arrive by updates only.
CATCH_UP_WINDOW = timedelta(days=30)
# Updates can be lost without a trace (differenceTooLong), so history is checked every 5 minutes.
CATCH_UP_SECONDS = 300
# Each check starts this much before the previous one, for messages that were on their way then.
OVERLAP = timedelta(minutes=10)
DATABASE_PAUSE_SECONDS = 1
LATE_CONVERSATION_RETRY_SECONDS = 5

# Called in the transaction that stores the note: session, account_id, note, now.
NoteHandler = Callable[[AsyncSession, int, Note, datetime], Awaitable[None]]


@dataclass(frozen=True)
class Listener:
    """Runs as three tasks: `run` for new messages, `catch_up` and `check_late_conversations` for missed ones.

    `debounce`: how long to wait for more messages before answering them all at once.
    `takeover_lasts`: how long a human keeps a conversation; None: until it is given back.
    `owner_chat`: the owner's username.
    `on_note`: handles a note in the account's Saved Messages; None: notes are ignored.
    """

    database: Database
    me: WorkerId
    telegram: Telegram
    wakeups: Wakeups
    clock: Clock
    debounce: timedelta
    takeover_lasts: timedelta | None = None
    owner_chat: str | None = None
    on_note: NoteHandler | None = None
    late_conversations: asyncio.Queue[CatchUpChat] = field(default_factory=asyncio.Queue)
    # Set after a note in Saved Messages was handled.
    note_handled: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, arrivals: asyncio.Queue[Arrival]) -> None:
        """Store each message of `arrivals`, in order, until cancelled."""
        while True:
            await self._receive(await arrivals.get())

    async def catch_up(self, reconnected: asyncio.Event) -> None:
        """Look for missed messages now, after each reconnection and every 5 minutes, until cancelled."""
        since = self.clock() - CATCH_UP_WINDOW
        while True:
            reconnected.clear()
            began = self.clock()
            if await self._check_conversations(since):
                since = began - OVERLAP
            try:
                async with asyncio.timeout(CATCH_UP_SECONDS):
                    await reconnected.wait()
            except TimeoutError:
                continue

    def add_late_conversation(self, lead: Lead, first_sent: int) -> None:
        """Have a chat checked whose first message was recorded late: the contact may have answered before."""
        self.late_conversations.put_nowait(CatchUpChat(lead, first_sent, first_sent))

    async def check_late_conversations(self) -> None:
        """Read the history of `late_conversations`, until cancelled.

        `catch_up` skips a conversation until its first message is recorded.
        """
        while True:
            conversation = await self.late_conversations.get()
            try:
                await self._read_history(conversation)
            except SessionRevokedError:
                raise
            except (TelegramUnavailableError, RateLimitedError, *DATABASE_DOWN):
                self.late_conversations.put_nowait(conversation)
                await asyncio.sleep(LATE_CONVERSATION_RETRY_SECONDS)
            except TelegramError as error:
                log.warning("lead %s: its history cannot be read: %s", conversation.lead.id, error)

    async def _receive(self, arrival: Arrival) -> None:
        try:
            lead, now = await retry_while_database_down(
                lambda: self._store(arrival), pause=DATABASE_PAUSE_SECONDS, what="store a message"
            )
        except Exception:
            # Telegram still has the message; the messages of other leads must not wait behind it.
            log.exception("%s could not be stored", type(arrival).__name__)
            return
        if isinstance(arrival, Note):
            self.note_handled.set()
            self.wakeups.wake()
        elif lead is not None:
            event = "a human wrote" if isinstance(arrival, Outgoing) else "a message arrived"
            log.info("lead %s: %s", lead.id, event)
            self.wakeups.wake_at(now + self.debounce)

    async def _store(self, arrival: Arrival) -> tuple[Lead | None, datetime]:
        """Store in one transaction; returns the lead whose messages changed, and the time of storing."""
        now = self.clock()
        async with self.database.writing() as session:
            return await self._store_in(session, arrival, now), now

    async def _store_in(self, session: AsyncSession, arrival: Arrival, now: datetime) -> Lead | None:
        account_id = self.me.account_id
        if isinstance(arrival, Deleted):
            await inbox.mark_deleted(session, account_id, arrival.message_ids)
            return None
        if isinstance(arrival, Note):
            if self.on_note is not None:
                await self.on_note(session, account_id, arrival, now)
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

    async def _check_conversations(self, since: datetime) -> bool:
        """Store the messages missed since `since`; returns True if all chats were checked."""
        try:
            newest = await self.telegram.fetch_newest_ids(since)
            async with self.database.reading() as session:
                since = self.clock() - CATCH_UP_WINDOW
                known = await inbox.load_catch_up_chats(session, self.me.account_id, newest, since=since)
            for conversation in known:
                if newest.get(conversation.lead.telegram_user_id or 0, 0) > conversation.newest:
                    await self._read_history_or_skip(conversation)
        except SessionRevokedError:
            raise
        except (TelegramError, *DATABASE_DOWN) as error:
            log.warning("catching up was interrupted: %s", error if str(error) else type(error).__name__)
            return False
        return True

    async def _read_history_or_skip(self, conversation: CatchUpChat) -> None:
        try:
            await self._read_history(conversation)
        except (SessionRevokedError, TelegramUnavailableError, RateLimitedError):
            raise
        except TelegramError as error:
            # One chat that cannot be read must not hide those after it.
            log.warning("lead %s: its history cannot be read: %s", conversation.lead.id, error)

    async def _read_history(self, conversation: CatchUpChat) -> None:
        peer = Conversation(conversation.lead, ()).peer
        for arrival in await self.telegram.fetch_history(peer, conversation.first_sent):
            await self._receive(arrival)
