"""Kurigram's client without its handling of updates: they go to a feed, unread by Kurigram's parser.

Kurigram asks Telegram about channels, walks all known chats at a start, and parses every update before its
handlers see it. So a start fails with one chat that cannot be read, and one odd update hides a message.
"""

from typing import Any, Protocol

import pyrogram
from pyrogram import raw

from worker.telegram.transport.mtproto_session import WorkerSession
from worker.telegram.transport.server_clock import ServerClock

RECONNECT_BASE_SECONDS = 1.0


class Feed(Protocol):
    """Takes what arrives without being asked for; no method may block or raise."""

    def on_updates(self, updates: Any) -> None:
        """Take an object of type Updates; others are ignored."""

    def on_answer(self, answer: Any) -> None:
        """Take the answer of a call: it may hold a step of the account's state."""

    def on_possible_gap(self) -> None:
        """Updates may be missing."""

    def on_start_problem(self, error: Exception) -> None:
        """A connection could not be set up; another one is tried after a pause."""


class WorkerClient(pyrogram.Client):
    """A client with Telegram's time, and with a feed in place of handlers.

    Without a feed (at a login) updates go to Kurigram's queue. `reconnect_base`: the first pause between two
    connections that did not last, in seconds; it doubles each time.
    """

    def __init__(
        self,
        *arguments: Any,
        clock: ServerClock,
        feed: Feed | None = None,
        reconnect_base: float = RECONNECT_BASE_SECONDS,
        **options: Any,
    ) -> None:
        self.clock = clock
        self.feed = feed
        self.reconnect_base = reconnect_base
        super().__init__(*arguments, **options)

    @property
    def server_time(self) -> float:
        """Telegram's time in Unix seconds."""
        return self.clock.now()

    def _set_server_time(self, msg_id: int) -> None:
        self.clock.sync(msg_id)

    async def get_session(self, dc_id: int | None = None, **options: Any) -> Any:
        """Connect to the session's own data centre; sessions elsewhere are Kurigram's own."""
        own = await self.storage.dc_id()
        address, port = options.get("server_address"), options.get("port")
        if dc_id not in (None, own) or not options.get("temporary") or address is None or port is None:
            return await super().get_session(dc_id, **options)
        session = WorkerSession(
            self, own, address, port, await self.storage.auth_key(), await self.storage.test_mode()
        )
        await session.start()
        return session

    async def handle_updates(self, updates: Any) -> None:
        """Called by Kurigram's own sessions."""
        self.on_updates(updates)

    def on_updates(self, updates: Any) -> None:
        """Pass an object of type Updates to the feed."""
        if self.feed is not None:
            self.feed.on_updates(updates)
        elif isinstance(updates, raw.types.UpdateShort):
            self.dispatcher.updates_queue.put_nowait((updates.update, {}, {}))

    def on_answer(self, answer: Any) -> None:
        """Pass the answer of a call to the feed."""
        if self.feed is not None:
            self.feed.on_answer(answer)

    def on_possible_gap(self) -> None:
        """Tell the feed that updates may be missing."""
        if self.feed is not None:
            self.feed.on_possible_gap()

    def on_start_problem(self, error: Exception) -> None:
        """Tell the feed why there is no connection."""
        if self.feed is not None:
            self.feed.on_start_problem(error)
