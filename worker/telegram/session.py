"""One connection to Telegram that is kept alive, and the calls over it."""

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
from worker.telegram.client import abandon, build_client, signed_in_user, unreachable
from worker.telegram.errors import SIGN_IN, translated

log = logging.getLogger(__name__)

# Kurigram's start can hang for ever (server down, key unknown to it).
START_SECONDS = 40
CALL_SECONDS = 15
# A link that has been down for so long is given up and made anew.
SILENT_SECONDS = 60
# How often Telegram is asked for a sign of life, and how many answers in a row may stay out.
PING_SECONDS = 45
MISSED_ANSWERS = 2

UpdateHandler = Callable[[Any], None]


@dataclass(frozen=True)
class Patience:
    """In seconds: for the start, for a call's answer, for a link that is down."""

    start: float = START_SECONDS
    call: float = CALL_SECONDS
    silent: float = SILENT_SECONDS
    ping: float = PING_SECONDS


USUAL_PATIENCE = Patience()


class TelegramSession:
    """The worker's signed-in session: `open` it, `call` over it, `watch` it, `close` it."""

    def __init__(
        self,
        settings: TelegramSettings,
        on_update: UpdateHandler,
        patience: Patience = USUAL_PATIENCE,
        gate: FloodGate | None = None,
    ) -> None:
        """Raises ConfigError for an unusable TELEGRAM_PROXY, before anything is waited for."""
        proxy.parse(settings.telegram_proxy)
        self._gate = gate
        self._settings = settings
        self._on_update = on_update
        self._patience = patience
        self._starting: asyncio.Timeout | None = None
        self._client: pyrogram.Client | None = None
        # Whose session this is, once it is open.
        self.user_id = 0
        self._key_unknown = False
        # Set after every (re)connection: what was missed meanwhile is to be caught up with.
        self.reconnected = asyncio.Event()
        self._dropped = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the link is up; Kurigram's own is_connected stays true when it is not."""
        session = self._client.session if self._client else None
        return session is not None and session.state is SessionState.STARTED

    async def open(self) -> Identity:
        """Connect and say who we are. Raises TelegramUnavailableError, SessionEndedError or ConfigError."""
        signed_in_user(self._settings)
        self._key_unknown = False
        client = build_client(self._settings, self._note_unknown_key, self._end_start)
        client.add_handler(RawUpdateHandler(self._handle))
        client.add_handler(ConnectHandler(self._connected))
        client.add_handler(DisconnectHandler(self._disconnected))
        try:
            with translated():
                async with asyncio.timeout(self._patience.start) as self._starting:
                    await client.start()
        except BaseException as error:
            await abandon(client)
            if self._key_unknown:
                raise SessionRevokedError(f"this server does not know this session; {SIGN_IN}") from None
            if isinstance(error, sqlite3.OperationalError):
                raise TelegramUnavailableError(f"{self._settings.session_file}: {error}") from None
            if isinstance(error, TelegramUnavailableError) and (why := unreachable(client)):
                raise TelegramUnavailableError(why) from None
            raise
        finally:
            self._starting = None
        self._client = client
        self.user_id = client.me.id
        return Identity(client.me.id, client.me.username)

    async def call(self, query: Any) -> Any:
        """One RPC, sent once, unless Telegram has asked to leave its method alone for now.

        Raises the port's errors; TelegramUnavailableError when patience ends without an answer.
        """
        method = _name(query)
        if self._gate is not None and (rest := self._gate.remaining(method)):
            raise RateLimitedError(rest, method)
        try:
            return await self._call(query)
        except RateLimitedError as limited:
            if self._gate is not None:
                await self._gate.close(method, limited.wait, "FLOOD_WAIT")
            raise RateLimitedError(limited.wait, method) from limited

    async def _call(self, query: Any) -> Any:
        """Sent once: Kurigram's own retries would hide what its answer was."""
        seconds = self._patience.call
        client = self._client
        if client is None or client.session is None:
            raise TelegramUnavailableError("not connected to Telegram")
        with translated():
            async with asyncio.timeout(seconds):
                await client.session.is_started.wait()
            return await self._unless_dropped(client.session.send(query, timeout=seconds))

    async def watch(self) -> None:
        """Return when the link is down or silent for too long; raise SessionEndedError for a dead key."""
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
        while down < self._patience.silent:
            await asyncio.sleep(1)
            down = 0 if self.connected else down + 1
            if self._key_unknown:
                raise SessionRevokedError(f"Telegram has ended this session; {SIGN_IN}")

    async def _until_silent(self) -> None:
        """A link can be up and carry nothing: Kurigram sends its pings and does not miss the pongs."""
        missed = 0
        while missed < MISSED_ANSWERS:
            await asyncio.sleep(self._patience.ping)
            try:
                await self.call(raw.functions.updates.GetState())
            except TelegramUnavailableError:
                missed += 1
            except RateLimitedError:
                continue
            else:
                missed = 0

    async def close(self) -> None:
        """Disconnect, saving the session's state."""
        client, self._client = self._client, None
        if client is not None:
            await abandon(client)

    async def _unless_dropped(self, answer: Coroutine[Any, Any, Any]) -> Any:
        # Kurigram lets a call whose link has dropped wait out its time, though no answer can come any more.
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

    def _note_unknown_key(self) -> None:
        self._key_unknown = True
        self._end_start()

    def _end_start(self) -> None:
        # Kurigram would go on trying: a start ends now.
        if self._starting is not None:
            self._starting.reschedule(0)

    async def _connected(self, client: pyrogram.Client, _session: object) -> None:
        # A link that dropped inside a running process is not recovered by itself.
        if client.is_initialized:
            await client.recover_gaps()
        self.reconnected.set()

    async def _disconnected(self, _client: pyrogram.Client, _session: object) -> None:
        self._dropped.set()
        self._dropped = asyncio.Event()

    async def _handle(
        self,
        _client: pyrogram.Client,
        update: Any,
        _users: object,
        _chats: object,
    ) -> None:
        self._on_update(update)


def _name(query: Any) -> str:
    """A method as Telegram's documentation calls it: contacts.resolveUsername."""
    area, _, name = str(query.QUALNAME).removeprefix("functions.").rpartition(".")
    name = name[:1].lower() + name[1:]
    return f"{area}.{name}" if area else name
