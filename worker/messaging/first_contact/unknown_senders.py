"""Messages of people who have no lead: their lead may be found later, or they are strangers who write first.

A stranger is never answered unless the owner wants it (INBOUND_LEADS).
"""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.database.models import Lead, TelegramAccount, TelegramPerson
from worker.domain import identity
from worker.domain.telegram_port import (
    Incoming,
    Outgoing,
    Peer,
    RateLimitedError,
    SessionRevokedError,
    Telegram,
    TelegramError,
    TelegramUnavailableError,
)
from worker.messaging import inbox, sender_matching
from worker.messaging.first_contact import inbound_leads

log = logging.getLogger(__name__)

# Of chats with people who have no lead, the latest are checked for missed messages.
MAX_UNKNOWN_CHATS, _MESSAGES_A_CALL = 300, 100
InboundPolicy = Literal["off", "notify", "create"]
# Called in a transaction: session, account_id, the stranger's message, now.
StrangerHandler = Callable[[AsyncSession, int, Incoming, datetime], Awaitable[None]]

# The lead of a person who writes first may be looked up, or arrive, only then; seconds after the message.
CHECKS_AFTER = (0, 5, 30, 120, 600)
CHECKED_AGAIN_FOR = timedelta(hours=1)
# Older messages are no news: the owner is not told of them, and no lead is made of them.
NEWS_FOR = timedelta(days=1)
# After a failed call, seconds; it doubles up to the longest pause.
FIRST_PAUSE, LONGEST_PAUSE = 5, 300
MAX_REFUSALS = 5
_MAX_WAITING, _MAX_REMEMBERED = 1_000, 10_000


@dataclass(order=True)
class _Entry:
    due: float
    number: int
    message: Incoming = field(compare=False)
    checks: int = field(default=0, compare=False)
    refusals: int = field(default=0, compare=False)


@dataclass(frozen=True)
class UnknownSenders:
    """Runs as one task beside the listener.

    `policy`: what becomes of strangers. `on_stranger` tells the owner of one. `owner_chat`: the owner's
    username, who is no stranger. `on_lead`: called with a lead whose person wrote; the chat may hold more of
    their messages. `checks_after`: when a message is checked, and checked again; seconds. `first_pause`: the
    pause after a failed call; seconds.
    """

    database: Database
    account_id: int
    telegram: Telegram
    clock: Clock
    debounce: timedelta
    on_lead: Callable[[Lead], None]
    policy: InboundPolicy = "off"
    on_stranger: StrangerHandler | None = None
    owner_chat: str | None = None
    checks_after: Sequence[float] = CHECKS_AFTER
    first_pause: float = FIRST_PAUSE
    # Executes the message if it is a command of the owner; Telegram leaves the sender out of some updates.
    on_owner_message: Callable[[Incoming], Awaitable[bool]] | None = None
    _waiting: list[_Entry] = field(default_factory=list, init=False)
    # Messages whose senders were checked for being strangers: that takes a call.
    _checked: set[int] = field(default_factory=set, init=False)
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count, init=False)
    _added: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def add(self, message: Incoming) -> None:
        """Have a message checked whose sender has no lead; beyond 1,000 waiting ones it is left out."""
        if len(self._waiting) < _MAX_WAITING:
            self._put(_Entry(_now(), next(self._numbers), message))

    async def add_missed(self, newest: Mapping[int, int]) -> None:
        """Have the newest messages of people without a lead checked, at most those of 300 chats.

        `newest`: the id of the newest message by user id.
        """
        async with self.database.reading() as session:
            unknown = await inbox.strangers_among(session, self.account_id, list(newest))
        latest = sorted((newest[user_id] for user_id in unknown), reverse=True)[:MAX_UNKNOWN_CHATS]
        for start in range(0, len(latest), _MESSAGES_A_CALL):
            for message in await self.telegram.fetch_incoming(latest[start : start + _MESSAGES_A_CALL]):
                self.add(message)

    def _put(self, entry: _Entry) -> None:
        heapq.heappush(self._waiting, entry)
        self._added.set()

    async def run(self) -> None:
        """Check messages when they are due, until cancelled; raises SessionRevokedError."""
        failures = 0
        while True:
            entry = await self._next()
            try:
                await self._check(entry)
                failures = 0
            except SessionRevokedError:
                raise
            except (TelegramError, IntegrityError, *DATABASE_DOWN) as error:
                failures = min(failures + 1, 10)
                self._postpone(entry, error)
                await asyncio.sleep(min(self.first_pause * 2 ** (failures - 1), LONGEST_PAUSE))
            except Exception:
                log.exception("a message of an unknown sender was left out")

    def _postpone(self, entry: _Entry, error: Exception) -> None:
        """Try an entry again later; a refusal that is not an outage is tried a few times."""
        is_outage = isinstance(error, (RateLimitedError, TelegramUnavailableError, *DATABASE_DOWN))
        entry.refusals += not is_outage
        if entry.refusals >= MAX_REFUSALS:
            log.warning("a message of an unknown sender cannot be read: %s", error)
            return
        wait = error.wait.total_seconds() if isinstance(error, RateLimitedError) else 0
        entry.due = _now() + max(wait, self.first_pause)
        self._put(entry)

    async def _next(self) -> _Entry:
        while True:
            self._added.clear()
            delay = self._waiting[0].due - _now() if self._waiting else None
            if delay is not None and delay <= 0:
                return heapq.heappop(self._waiting)
            try:
                async with asyncio.timeout(delay):
                    await self._added.wait()
            except TimeoutError:
                continue

    async def _check(self, entry: _Entry) -> None:
        message = entry.message = await self._with_sender(entry.message)
        if message.sender is None or not message.sender.is_person:
            return
        if self.on_owner_message is not None and await self.on_owner_message(message):
            return
        lead = await self._receive(message, is_late=entry.checks > 0)
        if lead is None and entry.checks == 0:
            lead = await self._take_stranger(message)
        if lead is not None:
            self.on_lead(lead)
            return
        entry.checks += 1
        is_recent = message.sent_at > self.clock() - CHECKED_AGAIN_FOR
        if is_recent and entry.checks < len(self.checks_after):
            entry.due = _now() + self.checks_after[entry.checks] - self.checks_after[entry.checks - 1]
            self._put(entry)

    async def _with_sender(self, message: Incoming) -> Incoming:
        """Return the message with its sender; Telegram leaves the sender out of some updates."""
        if message.sender is not None and message.sender.access_hash is not None:
            return message
        found = await self.telegram.fetch_incoming([message.message_id])
        return next((one for one in found if one.user_id == message.user_id), message)

    async def _receive(self, message: Incoming, *, is_late: bool) -> Lead | None:
        """Store the message if a lead of its sender is known by now; returns the lead."""
        async with self.database.writing() as session:
            known = await inbox.lead_of_sender(session, self.account_id, message.user_id)
            if is_late and known and message.sent_at < known.created_at - sender_matching.BEFORE_THE_FORM:
                return None
            now = self.clock()
            stored = await inbox.receive(session, self.account_id, message, now=now, debounce=self.debounce)
            return stored or known

    async def _take_stranger(self, message: Incoming) -> Lead | None:
        """Tell the owner of a stranger who writes first, or make a lead; returns the new lead."""
        is_checked = message.message_id in self._checked
        if self.policy == "off" or is_checked or not await self._is_stranger(message):
            return None
        now = self.clock()
        async with self.database.writing() as session:
            if self.policy == "create":
                return await inbound_leads.create(
                    session, self.account_id, message, now=now, debounce=self.debounce
                )
            if self.on_stranger is not None:
                await self.on_stranger(session, self.account_id, message, now)
        self._remember(message)
        return None

    async def _is_stranger(self, message: Incoming) -> bool:
        """Return True if the sender has just begun a chat with this account, and is not one of us."""
        sender = message.sender
        if sender is None or sender.access_hash is None or message.sent_at < self.clock() - NEWS_FOR:
            return False
        if not message.needs_answer or (self.owner_chat and identity.has_username(sender, self.owner_chat)):
            return False
        async with self.database.reading() as session:
            own = select(TelegramAccount.id).where(col(TelegramAccount.telegram_user_id) == sender.user_id)
            if (await session.exec(own)).first() is not None:
                return False
            if sender.is_contact and not await self._was_imported(session, sender.user_id):
                return False
        # A person to whom the account has written before is an acquaintance, not a stranger.
        history = await self.telegram.fetch_history(Peer(sender.user_id, sender.access_hash), 0)
        if is_acquaintance := any(isinstance(one, Outgoing) for one in history):
            self._remember(message)
        return not is_acquaintance

    def _remember(self, message: Incoming) -> None:
        if len(self._checked) >= _MAX_REMEMBERED:
            self._checked.clear()
        self._checked.add(message.message_id)

    async def _was_imported(self, session: AsyncSession, user_id: int) -> bool:
        """Return True if the worker, and not a human, put the person into the account's address book."""
        person = await session.get(TelegramPerson, (self.account_id, user_id))
        return person is not None and person.is_contact


def _now() -> float:
    return asyncio.get_running_loop().time()
