"""A database that stores nothing: since when, why, and what the owner has been told of it."""

import hashlib
from datetime import datetime, timedelta

from shared.database.faults.error_classes import classify
from worker.domain.telegram_port import TelegramError

# A database that is away for less is waited for without a word.
STORAGE_TROUBLE_AFTER = timedelta(minutes=2)


class StorageTrouble:
    """Remembers one outage of the database at a time: the database itself cannot."""

    def __init__(self) -> None:
        self._since: datetime | None = None
        self._reason = ""
        self._is_told = False

    def note(self, error: Exception, now: datetime) -> None:
        """Remember the reason of a failure, unless it is Telegram's."""
        if isinstance(error, TelegramError):
            return
        if self._since is None:
            self._since = now
        self._reason = classify(error).text

    def untold(self, now: datetime) -> tuple[datetime, str] | None:
        """Return since when and why the database stores nothing, after two minutes; None if it was told."""
        if self._since is None or self._is_told or now - self._since < STORAGE_TROUBLE_AFTER:
            return None
        return self._since, self._reason

    def mark_told(self) -> None:
        """The owner knows of this outage."""
        self._is_told = True

    def take_ended(self, now: datetime) -> tuple[datetime, str] | None:
        """The database stores again: return since when it did not, and why; None if that was short."""
        since, self._since, self._is_told = self._since, None, False
        return None if since is None or now - since < STORAGE_TROUBLE_AFTER else (since, self._reason)


def message_id(account_id: int, since: datetime) -> int:
    """Return the `random_id` of the message about an outage: a repeated send is the same message."""
    digest = hashlib.sha256(f"storage:{account_id}:{since.isoformat()}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1 or 1
