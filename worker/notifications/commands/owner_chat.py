"""Sends to the owner's chat (OWNER_CHAT)."""

from dataclasses import dataclass, field

from worker.domain.telegram_port import Peer, Sent, Telegram

SAVED_MESSAGES = "me"


@dataclass
class OwnerChat:
    """Sends to the owner; `name`: a username, or `me` for the account's own Saved Messages."""

    telegram: Telegram
    name: str
    _peer: Peer | None = field(default=None, init=False)

    async def send(self, text: str, random_id: int) -> Sent:
        """Send once per `random_id`; raises PeerNotFoundError, CannotWriteError and Telegram's errors."""
        if self.name == SAVED_MESSAGES:
            return await self.telegram.send_note(text, random_id)
        if self._peer is None:
            self._peer = await self.telegram.find_by_username(self.name)
        return await self.telegram.send(self._peer, text, random_id)
