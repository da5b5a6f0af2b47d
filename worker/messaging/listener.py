"""Stores incoming and outgoing chat messages as they arrive, and finds those missed while disconnected."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.backoff import GrowingPause
from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database, retry_while_database_down
from shared.database.models import Lead
from worker.domain.owner_port import OwnerPort
from worker.domain.telegram_port import (
    Arrival,
    Deleted,
    Incoming,
    NameChanged,
    Note,
    Outgoing,
    RateLimitedError,
    Reaction,
    SessionRevokedError,
    Telegram,
    TelegramError,
    TelegramUnavailableError,
)
from worker.messaging import inbox, reactions, reply_references, takeover_detection
from worker.messaging.first_contact.unknown_senders import InboundPolicy, StrangerHandler, UnknownSenders
from worker.messaging.histories import HistoryReader
from worker.messaging.inbox import CatchUpChat
from worker.messaging.missed_commands import MissedCommands
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
# The first pause after a failed call; it doubles each time.
RETRY_SECONDS = 2.0
# A link that is lost within so many first pauses after a check may have been ended by the check.
SOON = 5

StoredArrival = Incoming | Outgoing | Reaction | Note | Deleted
# Called in the transaction that stores the note: session, account_id, note, now.
NoteHandler = Callable[[AsyncSession, int, Note, datetime], Awaitable[None]]


@dataclass(frozen=True)
class Listener:
    """Runs as four tasks: `run` for new messages, `catch_up` and `check_late_conversations` for missed ones,
    and `check_unknown_senders` for people without a lead.

    `debounce`: how long to wait for more messages before answering them all at once.
    `takeover_lasts`: how long a human keeps a conversation; None: until it is given back.
    `owner_chat`: the owner's username.
    `on_note`: handles a note in the account's Saved Messages; None: notes are ignored.
    `on_name_changed`: called with a Telegram user whose name, username or phone has changed.
    `inbound`, `on_stranger`: see UnknownSenders.
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
    on_name_changed: Callable[[int], Awaitable[None]] | None = None
    inbound: InboundPolicy = "off"
    on_stranger: StrangerHandler | None = None
    # Executes the commands in the owner's chat; None: messages there are no commands.
    owner: OwnerPort | None = None
    retry_seconds: float = RETRY_SECONDS
    late_conversations: asyncio.Queue[CatchUpChat] = field(default_factory=asyncio.Queue)
    # Set after a note in Saved Messages was handled.
    note_handled: asyncio.Event = field(default_factory=asyncio.Event)
    unknown_senders: UnknownSenders = field(init=False)
    missed_commands: MissedCommands = field(init=False)
    histories: HistoryReader = field(init=False)

    def __post_init__(self) -> None:
        """Build the parts for people without a lead, and for what was missed."""
        unknown = UnknownSenders(
            self.database,
            self.me.account_id,
            self.telegram,
            self.clock,
            self.debounce,
            self._on_unknown_sender_matched,
            self.inbound,
            self.on_stranger,
            self.owner_chat,
            on_owner_message=self._execute_owner_command,
        )
        missed = MissedCommands(
            self.database, self.me.account_id, self.telegram, self.owner, self._execute_missed, self.clock
        )
        # The dataclass is frozen.
        object.__setattr__(self, "unknown_senders", unknown)
        object.__setattr__(self, "missed_commands", missed)
        object.__setattr__(self, "histories", HistoryReader(self.telegram, self._receive, self.clock))

    async def check_unknown_senders(self) -> None:
        """Find the leads of people who wrote before they were known, until cancelled."""
        await self.unknown_senders.run()

    def _on_unknown_sender_matched(self, lead: Lead) -> None:
        log.info("lead %s: the person wrote first", lead.id)
        self.wakeups.wake_at(self.clock() + self.debounce)
        self.late_conversations.put_nowait(CatchUpChat(lead, 0, 0))

    async def run(self, arrivals: asyncio.Queue[Arrival]) -> None:
        """Store each message of `arrivals`, in order, until cancelled."""
        while True:
            await self._receive(await arrivals.get())

    async def catch_up(self, reconnected: asyncio.Event) -> None:
        """Look for missed messages now, after each reconnection and every 5 minutes, until cancelled."""
        since = self.clock() - CATCH_UP_WINDOW
        loop = asyncio.get_running_loop()
        pause = GrowingPause(base=self.retry_seconds, maximum=CATCH_UP_SECONDS)
        while True:
            reconnected.clear()
            began = self.clock()
            if not await self._check_conversations(since):
                # Not with the next connection: the check itself may be what ends it.
                await asyncio.sleep(pause.failed())
                continue
            since = began - OVERLAP
            checked = loop.time()
            try:
                async with asyncio.timeout(CATCH_UP_SECONDS):
                    await reconnected.wait()
            except TimeoutError:
                pause.succeeded()
                continue
            if loop.time() - checked >= SOON * self.retry_seconds:
                pause.succeeded()
            else:
                await asyncio.sleep(pause.failed())

    def add_late_conversation(self, lead: Lead, first_sent: int) -> None:
        """Have a chat checked whose first message was recorded late: the contact may have answered before."""
        self.late_conversations.put_nowait(CatchUpChat(lead, first_sent, first_sent))

    async def check_late_conversations(self) -> None:
        """Read the history of `late_conversations`, until cancelled.

        `catch_up` skips a conversation until its first message is recorded.
        """
        pause = GrowingPause(base=self.retry_seconds, maximum=CATCH_UP_SECONDS)
        while True:
            conversation = await self.late_conversations.get()
            try:
                await self.histories.read(conversation)
                pause.succeeded()
            except SessionRevokedError:
                raise
            except (TelegramUnavailableError, RateLimitedError, *DATABASE_DOWN):
                self.late_conversations.put_nowait(conversation)
                await asyncio.sleep(pause.failed())
            except Exception as error:  # noqa: BLE001 - the other conversations wait
                log.warning("lead %s: its history cannot be read: %s", conversation.lead.id, error)

    async def _receive(self, arrival: Arrival) -> bool:
        """Store an arrival; returns False if that fails."""
        if isinstance(arrival, NameChanged):
            await self._forget(arrival.user_id)
            return True
        if isinstance(arrival, Incoming) and await self._execute_owner_command(arrival):
            return True
        try:
            lead, now = await retry_while_database_down(
                lambda: self._store(arrival), pause=DATABASE_PAUSE_SECONDS, what="store a message"
            )
        except Exception:
            # Telegram still has the message; the messages of other leads must not wait behind it.
            log.exception("%s could not be stored", type(arrival).__name__)
            return False
        if isinstance(arrival, Note):
            self.note_handled.set()
            self.wakeups.wake()
        elif lead is None and isinstance(arrival, Incoming):
            await self._check_sender(arrival)
        elif lead is not None:
            event = "a human wrote" if isinstance(arrival, Outgoing) else "a message arrived"
            log.info("lead %s: %s", lead.id, event)
            self.wakeups.wake_at(now + self.debounce)
        return True

    async def _forget(self, user_id: int) -> None:
        forget = self.on_name_changed
        if forget is None:
            return
        await retry_while_database_down(
            lambda: forget(user_id), pause=DATABASE_PAUSE_SECONDS, what="forget a changed name"
        )

    async def _execute_owner_command(self, message: Incoming) -> bool:
        """Execute a command that the owner wrote in OWNER_CHAT; returns False for all other messages."""
        words = await self.owner.execute(message) if self.owner is not None else "other"
        if words != "other":
            # There is an answer to send, or a warning.
            self.note_handled.set()
            self.wakeups.wake()
        return words == "command"

    async def _execute_missed(self, arrival: Incoming | Note) -> None:
        if isinstance(arrival, Note):
            await self._receive(arrival)
        else:
            await self._execute_owner_command(arrival)

    async def _check_sender(self, message: Incoming) -> None:
        """Have a message that was not stored checked if its sender has no lead."""
        if message.edited:
            return
        try:
            async with self.database.reading() as session:
                unknown = await inbox.strangers_among(session, self.me.account_id, [message.user_id])
        except DATABASE_DOWN:
            unknown = [message.user_id]
        if unknown:
            self.unknown_senders.add(message)

    async def _store(self, arrival: StoredArrival) -> tuple[Lead | None, datetime]:
        """Store in one transaction; returns the lead whose messages changed, and the time of storing."""
        try:
            return await self._store_once(arrival)
        except IntegrityError:
            # Another lead of this person was resolved at the same moment: now it is found.
            return await self._store_once(arrival)

    async def _store_once(self, arrival: StoredArrival) -> tuple[Lead | None, datetime]:
        now = self.clock()
        async with self.database.writing() as session:
            return await self._store_in(session, arrival, now), now

    async def _store_in(self, session: AsyncSession, arrival: StoredArrival, now: datetime) -> Lead | None:
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
        if isinstance(arrival, Reaction):
            return await reactions.receive_reaction(
                session, account_id, arrival, now=now, debounce=self.debounce
            )
        quoted = await reply_references.with_quote(session, account_id, arrival)
        return await inbox.receive(session, account_id, quoted, now=now, debounce=self.debounce)

    async def _check_conversations(self, since: datetime) -> bool:
        """Store the messages missed since `since`; returns True if all chats were checked."""
        try:
            newest = await self.telegram.fetch_newest_ids(since)
            async with self.database.reading() as session:
                since = self.clock() - CATCH_UP_WINDOW
                known = await inbox.load_catch_up_chats(session, self.me.account_id, newest, since=since)
            is_complete = await self.histories.read_missed(known, newest)
            # Commands come first, and in order: the other look finds only the newest message of a chat.
            await self.missed_commands.look(newest)
            await self.unknown_senders.add_missed(newest)
        except SessionRevokedError:
            raise
        except Exception as error:
            is_bug = not isinstance(error, (TelegramError, *DATABASE_DOWN))
            log.warning("catching up was interrupted: %r", error, exc_info=is_bug)
            return False
        return is_complete
