"""One connection to Telegram, which is watched for failures, and the calls over it."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

from pyrogram import raw
from pyrogram.errors import RPCError
from pyrogram.session.session import SessionState

from worker.domain.telegram_port import (
    AccountRestrictedError,
    FloodGate,
    Identity,
    RateLimitedError,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.settings import TelegramSettings
from worker.telegram.errors.repeated_flood_waits import RepeatedFloodWaits
from worker.telegram.errors.texts import SIGN_IN
from worker.telegram.errors.translation import method_name, translate_errors
from worker.telegram.session.client import (
    SessionFileError,
    build_client,
    connection_problem,
    read_signed_in_user,
    shut_down,
)
from worker.telegram.session.rpc_responses import answer_unless
from worker.telegram.session.timeouts import DEFAULT_TIMEOUTS, Timeouts
from worker.telegram.transport import proxy
from worker.telegram.transport.server_clock import ServerClock
from worker.telegram.transport.worker_client import WorkerClient
from worker.telegram.updates import stored_state
from worker.telegram.updates.feed import UpdateFeed, UpdateHandler
from worker.telegram.updates.recovery import Recovery

log = logging.getLogger(__name__)

# So many test calls in a row may stay unanswered before a new connection is made.
MAX_MISSED_ANSWERS = 2


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
        self._client: WorkerClient | None = None
        # Kept over reconnections, so that a wrong clock is reported once.
        self.clock = ServerClock()
        self._recovering: asyncio.Task[None] | None = None
        self._recovery: Recovery | None = None
        self._save_state: Callable[[], Awaitable[None]] | None = None
        self._start_problem: TelegramError | None = None
        self._flood_waits = RepeatedFloodWaits()
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
        """Connect, and return the signed-in account; missed updates are fetched afterwards.

        Raises TelegramUnavailableError, RateLimitedError, SessionRevokedError or ConfigError.
        """
        user_id = read_signed_in_user(self._settings)
        self._key_unknown, self._start_problem = False, None
        feed = UpdateFeed(self._on_update, self._on_start_problem)
        client = build_client(
            self._settings,
            self._on_unknown_key,
            self._end_start,
            clock=self.clock,
            feed=feed,
            reconnect_base=self._timeouts.reconnect,
        )
        client.connect_handler, client.disconnect_handler = self._on_connected, self._on_disconnected
        try:
            await self._connect(client)
            self._client, self.user_id = client, user_id
            username = await self._fetch_username()
            await self._begin_recovery(client, feed)
        except BaseException as error:
            self._client = None
            await shut_down(client)
            if (reason := self._reason_of(error, client)) is not None:
                raise reason from None
            raise
        return Identity(user_id, username)

    async def _connect(self, client: WorkerClient) -> None:
        try:
            with translate_errors():
                async with asyncio.timeout(self._timeouts.start) as self._starting:
                    await client.connect()
                    await client.session.is_started.wait()
        finally:
            self._starting = None

    async def _fetch_username(self) -> str | None:
        """Return the account's username; None if Telegram does not tell it now, which stops nothing."""
        query = raw.functions.users.GetFullUser(id=raw.types.InputUserSelf())
        try:
            answer = await self._call(query)
        except SessionRevokedError:
            raise
        except TelegramError as error:
            if not isinstance(error.__cause__, RPCError):
                raise
            log.warning("Telegram does not tell the account's name: %s", error)
            return None
        own = (user for user in getattr(answer, "users", ()) if user.id == self.user_id)
        return next((user.username for user in own), None)

    async def _begin_recovery(self, client: WorkerClient, feed: UpdateFeed) -> None:
        feed.state = await stored_state.load(client.storage)

        async def save() -> None:
            await stored_state.save(client.storage, feed.state)

        self._save_state = save
        self._recovery = Recovery(feed, self.call, save, self.reconnected.set)
        if feed.state.pts is None:
            # The first start: what comes from now on is not missed.
            try:
                await self._recovery.start_over()
            except SessionRevokedError:
                raise
            except TelegramError as error:
                log.warning("the state of the updates is not known yet: %s", error)
        feed.gap.set()
        self._recovering = asyncio.create_task(self._recovery.run())

    def _reason_of(self, error: BaseException, client: WorkerClient) -> Exception | None:
        """Return why a start has failed, if more is known than `error` says."""
        if self._key_unknown:
            return SessionRevokedError(f"this server does not know this session; {SIGN_IN}")
        if isinstance(error, sqlite3.OperationalError):
            return SessionFileError(f"{self._settings.session_file}: {error}")
        if not isinstance(error, TelegramUnavailableError):
            return None
        if self._start_problem is not None:
            return self._start_problem
        why = connection_problem(client)
        return TelegramUnavailableError(why) if why else None

    async def call(self, query: Any) -> Any:
        """Send one RPC once, and return its answer.

        During a flood wait of its method it raises RateLimitedError and sends nothing.
        Raises the port's errors; TelegramUnavailableError if the timeout passes without an answer.
        """
        method = method_name(query)
        if self._gate is not None and (wait := self._gate.remaining(method)):
            raise RateLimitedError(wait, method)
        try:
            answer = await self._call(query)
        except AccountRestrictedError as error:
            error.stops_sending = isinstance(query, raw.functions.messages.SendMessage)
            raise
        except RateLimitedError as limited:
            wait = self._flood_waits.lengthen(method, limited.wait, self._gate)
            if self._gate is not None:
                await self._gate.close(method, wait, "FLOOD_WAIT")
            raise RateLimitedError(wait, method) from limited
        self._flood_waits.ended(method)
        return answer

    async def _call(self, query: Any) -> Any:
        """Send the RPC without Kurigram's own retries, which would hide what the first answer was."""
        seconds = self._timeouts.call
        client = self._client
        if client is None or client.session is None:
            raise TelegramUnavailableError("not connected to Telegram")
        with translate_errors():
            async with asyncio.timeout(seconds):
                await client.session.is_started.wait()
            return await answer_unless(self._dropped, client.session.send(query, timeout=seconds))

    async def watch(self) -> None:
        """Return when the link is down or silent for too long; raises SessionRevokedError for a dead key."""
        watches = [asyncio.ensure_future(self._until_down()), asyncio.ensure_future(self._until_silent())]
        if self._recovering is not None:
            # It ends only with the session.
            watches.append(asyncio.ensure_future(asyncio.shield(self._recovering)))
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
            if isinstance(self._start_problem, SessionRevokedError):
                raise self._start_problem

    async def _until_silent(self) -> None:
        """Return when test calls stay unanswered.

        A link can be up and carry nothing: Kurigram sends pings, but does not notice missing pongs.
        """
        missed = 0
        while missed < MAX_MISSED_ANSWERS:
            await asyncio.sleep(self._timeouts.ping)
            try:
                await self.call(raw.functions.updates.GetState())
            except SessionRevokedError:
                raise
            except TelegramError as error:
                # An error of Telegram is an answer too.
                is_silent = isinstance(error, TelegramUnavailableError) and not isinstance(
                    error.__cause__, RPCError
                )
                missed = missed + 1 if is_silent else 0
            else:
                missed = 0

    async def close(self) -> None:
        """Disconnect, and save the session's state."""
        client, self._client = self._client, None
        if self._recovering is not None:
            self._recovering.cancel()
            await asyncio.gather(self._recovering, return_exceptions=True)
            self._recovering = None
        if client is not None:
            if self._save_state is not None:
                try:
                    await self._save_state()
                except sqlite3.Error as error:
                    log.warning("the state of the updates could not be stored: %s", error)
            await shut_down(client)

    def _on_unknown_key(self) -> None:
        self._key_unknown = True
        self._end_start()

    def _end_start(self) -> None:
        # Kurigram would go on trying for ever.
        if self._starting is not None and not self._starting.expired():
            self._starting.reschedule(0)

    def _on_start_problem(self, error: Exception) -> None:
        try:
            with translate_errors():
                raise error
        except TelegramError as problem:
            self._start_problem = problem
            log.warning("no connection yet: %s", problem)
        except Exception:
            log.exception("a connection could not be set up")
        self._end_start()

    async def _on_connected(self, client: WorkerClient, _session: object) -> None:
        self._start_problem = None
        # Updates may have been missed meanwhile. Histories are read whether or not they can be fetched.
        client.on_possible_gap()
        if self._recovery is not None:
            self._recovery.retry_now()
        self.reconnected.set()

    async def _on_disconnected(self, _client: WorkerClient, _session: object) -> None:
        self._dropped.set()
        self._dropped = asyncio.Event()
