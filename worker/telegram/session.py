"""One connection to Telegram, which is watched for failures, and the calls over it."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pyrogram
from pyrogram import raw
from pyrogram.handlers import ConnectHandler, DisconnectHandler, RawUpdateHandler
from pyrogram.session.session import SessionState

from worker.domain.telegram_port import (
    FloodGate,
    Identity,
    RateLimitedError,
    SessionRevokedError,
    TelegramUnavailableError,
)
from worker.settings import TelegramSettings
from worker.telegram import proxy
from worker.telegram.client import build_client, connection_problem, read_signed_in_user, shut_down
from worker.telegram.errors import SIGN_IN, translate_errors

log = logging.getLogger(__name__)

# Kurigram's start can hang for ever (the server is down, or does not know the key).
START_SECONDS = 40
CALL_SECONDS = 15
# After the link has been down for this long, the worker makes a new connection.
MAX_DOWN_SECONDS = 60
# Pause between test calls, and how many in a row may stay unanswered before a new connection is made.
PING_SECONDS = 45
MAX_MISSED_ANSWERS = 2

UpdateHandler = Callable[[Any], None]


@dataclass(frozen=True)
class Timeouts:
    """In seconds: for the start, a call's answer, and a link that is down; and the pause between pings."""

    start: float = START_SECONDS
    call: float = CALL_SECONDS
    down: float = MAX_DOWN_SECONDS
    ping: float = PING_SECONDS


DEFAULT_TIMEOUTS = Timeouts()


class TelegramSession:
    """A signed-in session: `open` it, `call` over it, `watch` it for failures, and `close` it."""

    def __init__(
        self,
        settings: TelegramSettings,
        on_update: UpdateHandler,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        gate: FloodGate | None = None,
    ) -> None:
        """Raises ConfigError for an unusable TELEGRAM_PROXY, before any connection is tried."""
        proxy.parse(settings.telegram_proxy)
        self._gate = gate
        self._settings = settings
        self._on_update = on_update
        self._timeouts = timeouts
        self._starting: asyncio.Timeout | None = None
        self._client: pyrogram.Client | None = None
        # The id of the signed-in user, once the session is open.
        self.user_id = 0
        self._key_unknown = False
        # Set after every (re)connection: messages may have been missed meanwhile.
        self.reconnected = asyncio.Event()
        self._dropped = asyncio.Event()

    @property
    def connected(self) -> bool:
        """True if the link is up; Kurigram's own is_connected stays true when it is down."""
        session = self._client.session if self._client else None
        return session is not None and session.state is SessionState.STARTED

    async def open(self) -> Identity:
        """Connect, and return the signed-in account.

        Raises TelegramUnavailableError, SessionRevokedError or ConfigError.
        """
        read_signed_in_user(self._settings)
        self._key_unknown = False
        client = build_client(self._settings, self._on_unknown_key, self._end_start)
        client.add_handler(RawUpdateHandler(self._on_raw_update))
        client.add_handler(ConnectHandler(self._on_connected))
        client.add_handler(DisconnectHandler(self._on_disconnected))
        try:
            with translate_errors():
                async with asyncio.timeout(self._timeouts.start) as self._starting:
                    await client.start()
        except BaseException as error:
            await shut_down(client)
            if self._key_unknown:
                raise SessionRevokedError(f"this server does not know this session; {SIGN_IN}") from None
            if isinstance(error, sqlite3.OperationalError):
                raise TelegramUnavailableError(f"{self._settings.session_file}: {error}") from None
            if isinstance(error, TelegramUnavailableError) and (why := connection_problem(client)):
                raise TelegramUnavailableError(why) from None
            raise
        finally:
            self._starting = None
        self._client = client
        self.user_id = client.me.id
        return Identity(client.me.id, client.me.username)

    async def call(self, query: Any) -> Any:
        """Send one RPC once, and return its answer.

        During a flood wait of its method it raises RateLimitedError and sends nothing.
        Raises the port's errors; TelegramUnavailableError if the timeout passes without an answer.
        """
        method = _method_name(query)
        if self._gate is not None and (wait := self._gate.remaining(method)):
            raise RateLimitedError(wait, method)
        try:
            return await self._call(query)
        except RateLimitedError as limited:
            if self._gate is not None:
                await self._gate.close(method, limited.wait, "FLOOD_WAIT")
            raise RateLimitedError(limited.wait, method) from limited

    async def _call(self, query: Any) -> Any:
        """Send the RPC without Kurigram's own retries, which would hide what the first answer was."""
        seconds = self._timeouts.call
        client = self._client
        if client is None or client.session is None:
            raise TelegramUnavailableError("not connected to Telegram")
        with translate_errors():
            async with asyncio.timeout(seconds):
                await client.session.is_started.wait()
            return await self._await_unless_dropped(client.session.send(query, timeout=seconds))

    async def watch(self) -> None:
        """Return when the link is down or silent for too long; raises SessionRevokedError for a dead key."""
        watches = [asyncio.ensure_future(self._until_down()), asyncio.ensure_future(self._until_silent())]
        try:
            ended, _ = await asyncio.wait(watches, return_when=asyncio.FIRST_COMPLETED)
            for watch in ended:
                watch.result()
        finally:
            for watch in watches:
                watch.cancel()

    async def _until_down(self) -> None:
        down = 0
        while down < self._timeouts.down:
            await asyncio.sleep(1)
            down = 0 if self.connected else down + 1
            if self._key_unknown:
                raise SessionRevokedError(f"Telegram has ended this session; {SIGN_IN}")

    async def _until_silent(self) -> None:
        """Return when test calls stay unanswered.

        A link can be up and carry nothing: Kurigram sends pings, but does not notice missing pongs.
        """
        missed = 0
        while missed < MAX_MISSED_ANSWERS:
            await asyncio.sleep(self._timeouts.ping)
            try:
                await self.call(raw.functions.updates.GetState())
            except TelegramUnavailableError:
                missed += 1
            except RateLimitedError:
                continue
            else:
                missed = 0

    async def close(self) -> None:
        """Disconnect, and save the session's state."""
        client, self._client = self._client, None
        if client is not None:
            await shut_down(client)

    async def _await_unless_dropped(self, answer: Coroutine[Any, Any, Any]) -> Any:
        # Kurigram waits for the full timeout after the link has dropped, although no answer can come.
        dropped = self._dropped
        answering = asyncio.ensure_future(answer)
        dropping = asyncio.ensure_future(dropped.wait())
        try:
            await asyncio.wait({answering, dropping}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                raise ConnectionResetError("the link dropped")
            return answering.result()
        finally:
            answering.cancel()
            dropping.cancel()

    def _on_unknown_key(self) -> None:
        self._key_unknown = True
        self._end_start()

    def _end_start(self) -> None:
        # Kurigram would go on trying for ever.
        if self._starting is not None:
            self._starting.reschedule(0)

    async def _on_connected(self, client: pyrogram.Client, _session: object) -> None:
        # After a reconnection inside a running process Kurigram does not fetch missed updates by itself.
        if client.is_initialized:
            await client.recover_gaps()
        self.reconnected.set()

    async def _on_disconnected(self, _client: pyrogram.Client, _session: object) -> None:
        self._dropped.set()
        self._dropped = asyncio.Event()

    async def _on_raw_update(
        self,
        _client: pyrogram.Client,
        update: Any,
        _users: object,
        _chats: object,
    ) -> None:
        self._on_update(update)


def _method_name(query: Any) -> str:
    """Return the method's name as in Telegram's documentation, such as contacts.resolveUsername."""
    area, _, name = str(query.QUALNAME).removeprefix("functions.").rpartition(".")
    name = name[:1].lower() + name[1:]
    return f"{area}.{name}" if area else name
