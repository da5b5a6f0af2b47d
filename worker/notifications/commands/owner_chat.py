"""Sends to the owner's chat (OWNER_CHAT)."""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from shared.translations import Language
from worker.domain.telegram_port import Peer, Sent, Telegram
from worker.notifications.commands import owner_identity

log = logging.getLogger(__name__)

SAVED_MESSAGES = "me"
LOOKED_UP_AGAIN_AFTER = timedelta(hours=1)


@dataclass
class OwnerChat:
    """Sends to the owner; `name`: a username, or `me` for the account's own Saved Messages.

    A username that leads to another user than before gets nothing: Saved Messages get it instead.
    """

    telegram: Telegram
    name: str
    database: Database
    account_id: int
    clock: Clock
    language: Language
    _peer: Peer | None = field(default=None, init=False)
    # The username leads to another user; until then it is not looked up again.
    _moved_until: datetime | None = field(default=None, init=False)
    # The owner as stored when the username was looked up.
    _owner_id: int | None = field(default=None, init=False)

    async def send(self, text: str, random_id: int) -> Sent:
        """Send once per `random_id`; raises PeerNotFoundError, CannotWriteError and Telegram's errors."""
        if self.name != SAVED_MESSAGES:
            await self._forget_former_owner()
            self._peer = self._peer or await self._find()
        if self._peer is None:
            return await self.telegram.send_note(text, random_id)
        return await self.telegram.send(self._peer, text, random_id)

    async def _forget_former_owner(self) -> None:
        """Have the username looked up again if another owner is stored now, or none."""
        if self._peer is None and self._moved_until is None:
            return
        try:
            async with self.database.reading() as session:
                known = await owner_identity.find(session, self.account_id, self.name)
        except DATABASE_DOWN as error:
            log.warning("whether the owner is still the same cannot be checked: %s", error)
            return
        if known is None or known.user_id != self._owner_id:
            self._peer = self._moved_until = None

    async def _find(self) -> Peer | None:
        """Return the owner; None if the username leads to another user now, or that cannot be checked."""
        now = self.clock()
        if self._moved_until is not None and now < self._moved_until:
            return None
        found = await self.telegram.find_by_username(self.name)
        try:
            is_owner = await self._is_owner(found, now)
        except DATABASE_DOWN as error:
            log.warning("whether OWNER_CHAT is still the owner's cannot be checked: %s", error)
            return None
        if is_owner:
            return found
        log.error("OWNER_CHAT leads to another user than before: messages go to Saved Messages")
        self._moved_until = now + LOOKED_UP_AGAIN_AFTER
        warning = owner_identity.OwnerWarning("owner_moved", self.name, found.user_id)
        await self.telegram.send_note(warning.text(self.language), warning.random_id(self.account_id))
        return None

    async def _is_owner(self, found: Peer, now: datetime) -> bool:
        async with self.database.writing() as session:
            known = await owner_identity.find_or_remember(session, self.account_id, self.name, found, now=now)
        self._owner_id = known.user_id
        return known.user_id == found.user_id
