"""Port: the owner in OWNER_CHAT, and what becomes of their words; worker.notifications implements it."""

from datetime import datetime, timedelta
from typing import Literal, Protocol

from worker.domain.telegram_port import Incoming, Peer

# A command that is older is not even told as not executed.
FORGOTTEN_AFTER = timedelta(days=7)
# `refused`: words of a user who may not command; Saved Messages get a warning; `other`: no command.
OwnerWords = Literal["command", "refused", "other"]


class OwnerPort(Protocol):
    """The owner's chat of one account."""

    async def execute(self, message: Incoming) -> OwnerWords:
        """Execute the message once if it is a command of the owner."""

    async def find_owner(self) -> tuple[Peer, datetime] | None:
        """Return the owner, and since when they are known; None if they are not known yet."""
