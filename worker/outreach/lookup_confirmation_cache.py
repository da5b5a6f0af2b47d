"""Remembers for some seconds which contact led to which person: a prompt greeting needs no check."""

from datetime import datetime, timedelta

from shared.clock import Clock
from worker.domain.telegram_port import Peer

# From the look-up to the greeting of a lead that waits for nothing. After any wait there is a check.
CONFIRMED_FOR = timedelta(seconds=3)
_MAX_ENTRIES = 1_000


class RecentlyConfirmed:
    """The contacts of one account; `clock` returns the time (UTC). `lasts`: how long an entry counts."""

    def __init__(self, clock: Clock, lasts: timedelta = CONFIRMED_FOR) -> None:
        self._clock = clock
        self._lasts = lasts
        self._entries: dict[int, tuple[str, datetime]] = {}

    def add(self, peer: Peer, contact: str) -> Peer:
        """Record that Telegram has just named this person for the contact; returns the person."""
        self._entries.pop(peer.user_id, None)
        self._entries[peer.user_id] = contact.lower(), self._clock()
        if len(self._entries) > _MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        return peer

    def holds(self, peer: Peer, contact: str) -> bool:
        """Return True if the contact has led to this person just now."""
        known, at = self._entries.get(peer.user_id, ("", None))
        return known == contact.lower() and at is not None and self._clock() - at < self._lasts

    def remove(self, user_id: int) -> None:
        """Forget a person whose name, username or phone has changed."""
        self._entries.pop(user_id, None)
