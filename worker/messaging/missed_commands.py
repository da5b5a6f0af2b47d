"""Finds the owner's commands that no update has brought: all of a gap, in order."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlmodel import col, select

from shared.clock import Clock
from shared.database.engine import Database
from shared.database.models import TelegramAccount
from worker.domain.owner_port import FORGOTTEN_AFTER, OwnerPort
from worker.domain.telegram_port import (
    Incoming,
    Note,
    Peer,
    RateLimitedError,
    SessionRevokedError,
    Telegram,
    TelegramError,
    TelegramUnavailableError,
)
from worker.messaging.takeover_detection import CLOCK_SKEW

log = logging.getLogger(__name__)

# Own Saved Messages need no access hash.
_NO_HASH = 0


@dataclass(frozen=True)
class MissedCommands:
    """Reads the owner's chat and the account's Saved Messages when they hold something new.

    `execute`: called with each message and note since the chat was read last, the oldest first; it may know
    them already. `owner`: None without OWNER_CHAT.
    """

    database: Database
    account_id: int
    telegram: Telegram
    owner: OwnerPort | None
    execute: Callable[[Incoming | Note], Awaitable[object]]
    clock: Clock
    # The newest message of each chat that was read.
    _read: dict[int, int] = field(default_factory=dict, init=False)

    async def look(self, newest: Mapping[int, int]) -> None:
        """Execute what is new; `newest`: the id of the newest message by user id.

        A chat that Telegram refuses to show is logged: the next look tries again.
        """
        account = await self._account()
        chats = [(Peer(account.telegram_user_id, _NO_HASH), account.created_at)]
        if self.owner is not None and (owner := await self.owner.find_owner()) is not None:
            chats.append(owner)
        for peer, since in chats:
            try:
                await self._look_in(peer, since, newest)
            except (SessionRevokedError, RateLimitedError, TelegramUnavailableError):
                raise
            except TelegramError as error:
                log.warning("the commands in a chat of the owner cannot be read: %s", error)

    async def _account(self) -> TelegramAccount:
        async with self.database.reading() as session:
            found = await session.exec(
                select(TelegramAccount).where(col(TelegramAccount.id) == self.account_id)
            )
            return found.one()

    async def _look_in(self, peer: Peer, since: datetime, newest: Mapping[int, int]) -> None:
        """Read one chat; what was written before `since` is no command. Of old ones, one page is enough."""
        user_id = peer.user_id
        known, last = self._read.get(user_id, 0), newest.get(user_id, 0)
        if last <= known:
            return
        earliest = since - CLOCK_SKEW
        read_from = max(earliest, self.clock() - FORGOTTEN_AFTER)
        for one in await self.telegram.fetch_history(peer, known, read_from):
            if isinstance(one, Incoming | Note) and one.sent_at is not None and one.sent_at >= earliest:
                await self.execute(one)
        self._read[user_id] = last
