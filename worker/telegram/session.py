"""One connection to Telegram that is kept alive, and the calls over it."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

import pyrogram
from pyrogram.connection import Connection
from pyrogram.connection.proxy import normalize_proxy
from pyrogram.handlers import ConnectHandler, DisconnectHandler, RawUpdateHandler
from pyrogram.session.session import SessionState

from shared.errors import ConfigError
from worker.ports import Identity, SessionEndedError, TelegramUnavailableError
from worker.settings import TelegramSettings
from worker.telegram import server_key
from worker.telegram.errors import SIGN_IN, translated

log = logging.getLogger(__name__)

# Kurigram's start can hang for ever (server down, key unknown to it).
START_SECONDS = 40
CALL_SECONDS = 15
# A link that has been down for so long is given up and made anew.
SILENT_SECONDS = 60
# "No such auth key": core.telegram.org/mtproto/mtproto-transports, transport errors.
_UNKNOWN_KEY = (-404).to_bytes(4, "little", signed=True)

UpdateHandler = Callable[[Any], None]


class _NotSignedInError(Exception):
    """The session file holds no signed-in account."""


class _Client(pyrogram.Client):
    """Never asks a question on the terminal: signing in is `python -m worker login`'s business."""

    async def authorize(self) -> None:
        raise _NotSignedInError


class _Connection(Connection):
    """Notes when the server says that it does not know our key, which Kurigram takes for silence."""

    async def recv(self) -> bytes | None:
        packet: bytes | None = await super().recv()
        if packet == _UNKNOWN_KEY:
            self.key_is_unknown()
        return packet

    def key_is_unknown(self) -> None:
        """Overridden for each client."""


def build_client(settings: TelegramSettings, on_unknown_key: Callable[[], None]) -> pyrogram.Client:
    """A client of the configured session, server and proxy, not yet connected.

    Raises ConfigError for an unusable TELEGRAM_PROXY or TELEGRAM_SERVER_KEY.
    """
    try:
        proxy = normalize_proxy(settings.telegram_proxy)
    except (ValueError, TypeError, KeyError) as error:
        raise ConfigError(f"TELEGRAM_PROXY: {error} (socks5://…, http://…, or a tg://proxy link)") from None
    if settings.telegram_server_key:
        server_key.trust(settings.telegram_server_key)
    return _Client(
        settings.telegram_session_name,
        api_id=settings.telegram_api_id,
        api_hash=settings.telegram_api_hash.get_secret_value(),
        workdir=settings.telegram_session_dir,
        proxy=proxy,
        app_version="AI Lead Assistant",
        skip_updates=False,
        # One handler at a time keeps messages in order; every wait is ours to make.
        workers=1,
        sleep_threshold=0,
        fetch_replies=False,
        fetch_topics=False,
        fetch_stories=False,
        fetch_stickers=False,
        connection_factory=_connection_type(settings.telegram_server, on_unknown_key),
    )


def _connection_type(server: str | None, on_unknown_key: Callable[[], None]) -> type[_Connection]:
    host, _, port = (server or "").rpartition(":")

    class Redirected(_Connection):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            if host:
                self.server_address, self.port, self.ipv6 = host, int(port), ":" in host

        def key_is_unknown(self) -> None:
            on_unknown_key()

    return Redirected


class TelegramSession:
    """The worker's signed-in session: `open` it, `call` over it, `watch` it, `close` it."""

    def __init__(self, settings: TelegramSettings, on_update: UpdateHandler) -> None:
        self._settings = settings
        self._on_update = on_update
        self._client: pyrogram.Client | None = None
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
        if not self._settings.session_file.is_file():
            raise SessionEndedError(f"{self._settings.session_file} is not there; {SIGN_IN}")
        self._key_unknown = False
        client = build_client(self._settings, self._note_unknown_key)
        client.add_handler(RawUpdateHandler(self._handle))
        client.add_handler(ConnectHandler(self._connected))
        client.add_handler(DisconnectHandler(self._disconnected))
        try:
            with translated():
                async with asyncio.timeout(START_SECONDS):
                    await client.start()
        except BaseException as error:
            await _abandon(client)
            if self._key_unknown:
                raise SessionEndedError(f"this server does not know this session; {SIGN_IN}") from None
            if isinstance(error, _NotSignedInError):
                raise SessionEndedError(
                    f"{self._settings.session_file} is not signed in; {SIGN_IN}"
                ) from None
            raise
        self._client = client
        return Identity(client.me.id, client.me.username)

    async def call(self, query: Any, *, seconds: float = CALL_SECONDS) -> Any:
        """One RPC, sent once: Kurigram's own retries would hide what its answer was.

        Raises the port's errors; TelegramUnavailableError after `seconds` without an answer.
        """
        client = self._client
        if client is None or client.session is None:
            raise TelegramUnavailableError("not connected to Telegram")
        with translated():
            async with asyncio.timeout(seconds):
                await client.session.is_started.wait()
            return await self._unless_dropped(client.session.send(query, timeout=seconds))

    async def watch(self) -> None:
        """Return when the link has been down for too long; raise SessionEndedError when the key is dead."""
        down = 0
        while down < SILENT_SECONDS:
            await asyncio.sleep(1)
            down = 0 if self.connected else down + 1
            if self._key_unknown:
                raise SessionEndedError(f"Telegram has ended this session; {SIGN_IN}")

    async def close(self) -> None:
        """Disconnect, saving the session's state."""
        client, self._client = self._client, None
        if client is not None:
            await _abandon(client)

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


async def _abandon(client: pyrogram.Client) -> None:
    """Stop whatever of a client is running; what fails on the way out changes nothing any more."""
    for stop, seconds in ((client.terminate, 3), (client.disconnect, 5)):
        try:
            async with asyncio.timeout(seconds):
                await stop()
        except Exception as error:  # noqa: BLE001
            log.debug("while disconnecting: %r", error)
