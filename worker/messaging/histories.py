"""Reads the histories of chats that hold something new: one that cannot be read hides none of the others."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN
from worker.domain.conversation import Conversation
from worker.domain.telegram_port import (
    Arrival,
    Incoming,
    RateLimitedError,
    SessionRevokedError,
    Telegram,
    TelegramError,
    TelegramUnavailableError,
)
from worker.messaging import sender_matching
from worker.messaging.inbox import CatchUpChat

log = logging.getLogger(__name__)

# After so many chats in a row without an answer, Telegram is taken to be down.
MAX_UNREADABLE = 3
# A chat whose newest message is not stored is read again after this time.
READ_AGAIN_AFTER = timedelta(hours=1)
_MAX_REMEMBERED = 10_000


@dataclass(frozen=True)
class HistoryReader:
    """Reads each chat once an hour until it holds something newer.

    The newest message of a chat may be one that is not stored, such as an automatic away message. `receive`:
    stores an arrival; returns False if that fails.
    """

    telegram: Telegram
    receive: Callable[[Arrival], Awaitable[bool]]
    clock: Clock
    # What was read, and when: the newest message of a chat, by the lead and its first message.
    _seen: dict[tuple[int, int], tuple[int, datetime]] = field(default_factory=dict, init=False)

    async def read(self, chat: CatchUpChat) -> bool:
        """Store the messages of one chat; returns False if one could not be stored."""
        peer, are_stored = Conversation(chat.lead, ()).peer, True
        since = chat.lead.created_at - sender_matching.BEFORE_THE_FORM
        for arrival in await self.telegram.fetch_history(peer, chat.first_sent):
            # Without a message of ours the chat may hold an earlier conversation.
            if chat.first_sent or (isinstance(arrival, Incoming) and arrival.sent_at >= since):
                are_stored = await self.receive(arrival) and are_stored
        return are_stored

    async def read_missed(self, chats: Iterable[CatchUpChat], newest: Mapping[int, int]) -> bool:
        """Read the chats with something new; returns False if some have to be read again.

        `newest`: the id of the newest message by user id. Raises SessionRevokedError, RateLimitedError, or
        TelegramUnavailableError if Telegram is down.
        """
        unreadable, is_complete = 0, True
        for chat, last in self._with_news(chats, newest):
            try:
                if await self.read(chat):
                    self._remember(chat, last)
            except (SessionRevokedError, RateLimitedError, *DATABASE_DOWN):
                raise
            except TelegramUnavailableError:
                is_complete, unreadable = False, unreadable + 1
                if unreadable >= MAX_UNREADABLE:
                    raise
            except TelegramError as error:
                log.warning("lead %s: its history cannot be read: %s", chat.lead.id, error)
            except Exception:
                log.exception("lead %s: its history cannot be read", chat.lead.id)
            else:
                unreadable = 0
        return is_complete

    def _with_news(
        self, chats: Iterable[CatchUpChat], newest: Mapping[int, int]
    ) -> Iterator[tuple[CatchUpChat, int]]:
        """Yield each chat with something new, and the id of its newest message."""
        for chat in chats:
            last = newest.get(chat.lead.telegram_user_id or 0, 0)
            if last > chat.newest and not self._was_read(chat, last):
                yield chat, last

    def _was_read(self, chat: CatchUpChat, last: int) -> bool:
        # Not for ever: a standby that takes over may lack what was stored.
        read = self._seen.get((chat.lead.id, chat.first_sent))
        return read is not None and last <= read[0] and self.clock() - read[1] < READ_AGAIN_AFTER

    def _remember(self, chat: CatchUpChat, last: int) -> None:
        if len(self._seen) >= _MAX_REMEMBERED:
            self._seen.clear()
        self._seen[chat.lead.id, chat.first_sent] = last, self.clock()
