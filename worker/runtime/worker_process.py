"""Puts the worker together and keeps it running: the only place that knows the real clock."""

import asyncio
import contextlib
import logging
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.clock import utc_now
from shared.database.engine import DATABASE_DOWN, Database
from worker.accounts import account_state
from worker.accounts.account_lease import AccountLease
from worker.accounts.flood_waits import FloodWaits
from worker.accounts.session_lock import session_lock
from worker.assistant.assistant import ModelAssistant
from worker.assistant.client import Model
from worker.dialogue import persona
from worker.dispatch.dispatcher import Dispatcher
from worker.domain.backoff import backoff
from worker.domain.telegram_port import (
    Identity,
    RateLimitedError,
    SessionRevokedError,
    TelegramUnavailableError,
)
from worker.messaging.listener import Listener
from worker.monitoring import heartbeat, http_probe
from worker.notifications.notifier import OwnerNotifier
from worker.notifications.owner_commands import OwnerReplySender
from worker.outreach import new_leads, reassignment
from worker.queue import leases
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups, listen, watch
from worker.runtime.shutdown import end_in_time
from worker.runtime.wiring import Parts, assemble, limits_of
from worker.settings import WorkerSettings
from worker.telegram.adapter import TelegramAccount
from worker.telegram.client import signed_in_user

log = logging.getLogger(__name__)

DATABASE_PAUSE_SECONDS = 2
RECONNECT_SECONDS = 1
# The calls of a start, which Telegram may ask to leave alone as well.
CONNECTING = "connecting"


class Worker:
    """One Telegram account's worker: `run` until SIGTERM or SIGINT, or until the account is lost."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._state = "standby"
        self._stop = asyncio.Event()
        self._database = Database(settings.database_url)
        self._manner = persona.load(settings.assistant_config)
        self._model = Model(settings)
        self._assistant = ModelAssistant(settings, self._model)
        self._holds = FloodWaits(self._database, utc_now)
        self._telegram = TelegramAccount(
            settings, gate=self._holds, most_stars=settings.max_stars_per_message
        )
        self._account_id: int | None = None

    async def run(self) -> None:
        """Raises SessionEndedError when the account's owner has to act."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._end)
        async with http_probe.served(self._settings.health_host, self._settings.health_port, self._report):
            beating = asyncio.create_task(self._beat())
            try:
                await self._until_stopped(self._work())
            finally:
                beating.cancel()

    def _end(self) -> None:
        self._stop.set()
        end_in_time()

    async def _work(self) -> None:
        try:
            async with session_lock(self._settings.locked_file) as holder:
                while not self._stop.is_set():
                    await self._speak_for(await self._signed_in(), holder)
        except SessionRevokedError as ended:
            await self._mark_account(ended)
            raise
        finally:
            await self._model.close()
            await self._database.close()

    async def _speak_for(self, user_id: int, holder: str) -> None:
        """Connect when the account is ours, and serve until it is not, or the link is to be made anew."""
        self._state = "standby"
        tenure = AccountLease(self._database, user_id, holder, self._settings.telegram_session_name, utc_now)
        await tenure.acquire()
        self._account_id = tenure.account_id
        self._state = "connecting"
        # Without a lock on a file nobody but the database can tell that the session is in use elsewhere.
        needs_word = self._settings.locked_file is None
        keeping = asyncio.create_task(tenure.renew_forever(needs_word=needs_word))
        try:
            await self._recall(tenure.account_id)
            async with self._connected() as identity:
                await self._serve(identity, tenure.account_id, keeping, tenure.may_send)
        finally:
            keeping.cancel()
            await tenure.release()

    async def _signed_in(self) -> int:
        """Whose session it is, once no other program (a login, say) has its file open."""
        while True:
            try:
                return signed_in_user(self._settings)
            except TelegramUnavailableError as error:
                log.warning("%s", error)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _until_stopped(self, work: Coroutine[None, None, None]) -> None:
        """Run `work`; a stop lets it end by itself where it serves, and cancels it where it only waits."""
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done() and self._state != "connected":
            working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[Identity]:
        """A connection to Telegram, tried for until it is there."""
        attempt = 0
        while True:
            try:
                if rest := self._holds.remaining(CONNECTING):
                    await asyncio.sleep(rest.total_seconds())
                identity = await self._telegram.session.open()
                break
            except RateLimitedError as error:
                await self._holds.close(CONNECTING, error.wait, str(error))
            except TelegramUnavailableError as error:
                attempt += 1
                pause = backoff(attempt, base=1, most=60)
                log.warning("%s; trying again in %d s", error, pause.total_seconds())
                await asyncio.sleep(pause.total_seconds())
        try:
            yield identity
        finally:
            await self._telegram.session.close()

    async def _serve(
        self, identity: Identity, account_id: int, keeping: asyncio.Task[None], holds: Callable[[], bool]
    ) -> None:
        """Work until stopped, until the link is to be made anew, or until the account is somebody else's."""
        me = await self._introduce(identity, account_id)
        wakeups = Wakeups(utc_now, self._settings.poll_interval_seconds)
        listener = Listener(
            self._database,
            me,
            self._telegram,
            wakeups,
            utc_now,
            timedelta(seconds=self._settings.reply_debounce_seconds),
            self._settings.takeover_lasts,
            self._settings.owner_chat,
        )
        parts = Parts(self._database, me, self._telegram, self._assistant, utc_now, self._manner)
        engine = assemble(self._settings, parts, may_speak=holds, look_back=listener.add_late_conversation)
        loop = Dispatcher(engine, wakeups)
        self._state = "connected"
        log.info(
            "ready as %s", f"@{identity.username}" if identity.username else "an account without username"
        )
        background: list[asyncio.Task[Any]] = [
            asyncio.create_task(listener.run(self._telegram.arrivals)),
            asyncio.create_task(listener.look_back()),
            asyncio.create_task(
                OwnerReplySender(self._database, account_id, self._telegram, utc_now, listener.noted).run()
            ),
            asyncio.create_task(listener.catch_up(self._telegram.session.reconnected)),
            asyncio.create_task(self._telegram.session.watch()),
            asyncio.create_task(self._stop.wait()),
        ]
        if self._settings.owner_chat:
            background.append(asyncio.create_task(self._herald(self._settings.owner_chat, me, holds).run()))
        if not self._settings.keep_contacts:
            await engine.tools.finder.remove_imported_contacts()
        hearing = (
            listen(self._database, wakeups, direct=self._settings.database_listen_url)
            if self._database.is_postgres
            else watch(self._database, wakeups)
        )
        background.append(asyncio.create_task(hearing))
        looping = asyncio.create_task(loop.run())
        try:
            # Whichever ends first ends this connection: a stop, a lost account, a dead link, a bug.
            await asyncio.wait([*background, keeping, looping], return_when=asyncio.FIRST_COMPLETED)
        finally:
            loop.stop()
            ended = [task for task in background if task.done()]
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await looping
        for task in ended:
            task.result()
        self._state = "connecting"
        if not self._stop.is_set():
            log.warning("the link to Telegram is made anew")
            await asyncio.sleep(RECONNECT_SECONDS)

    def _herald(self, chat: str, me: WorkerId, holds: Callable[[], bool]) -> OwnerNotifier:
        settings = self._settings
        return OwnerNotifier(
            self._database,
            me.account_id,
            self._telegram,
            utc_now,
            chat,
            settings.owner_language,
            settings.owner_messages_per_hour,
            ZoneInfo(settings.timezone),
            lambda: self._model.trouble,
            holds,
        )

    async def _recall(self, account_id: int) -> None:
        """What Telegram asked this account to leave alone in earlier lives."""
        while True:
            try:
                return await self._holds.load(account_id)
            except DATABASE_DOWN as error:
                log.warning("waiting for the database: %s", type(error).__name__)
                await asyncio.sleep(DATABASE_PAUSE_SECONDS)

    async def _introduce(self, identity: Identity, account_id: int) -> WorkerId:
        me = WorkerId(account_id, secrets.token_hex(4))
        while True:
            try:
                async with self._database.writing() as session:
                    now = utc_now()
                    limits = limits_of(self._settings)
                    await account_state.register_account(
                        session, me.account_id, identity.username, limits, now=now
                    )
                    await reassignment.clear_stranded_marks(session, me.account_id)
                    await new_leads.requeue_waiting_for_capacity(session, now=now)
                    await leases.retry_now(session, me, now=now)
                    if lost := await leases.expire_previous_leases(session, me, now=now):
                        log.info("%d leads taken over from an earlier run", lost)
                    return me
            except DATABASE_DOWN as error:
                log.warning("waiting for the database: %s", type(error).__name__)
                await asyncio.sleep(DATABASE_PAUSE_SECONDS)

    async def _mark_account(self, ended: SessionRevokedError) -> None:
        if self._account_id is None:
            return
        with contextlib.suppress(*DATABASE_DOWN):
            async with self._database.writing() as session:
                now = utc_now()
                await account_state.set_state(session, self._account_id, ended.state, str(ended), now=now)
                left = await reassignment.reassign_untouched_leads(
                    session, self._account_id, now=now, reason=str(ended)
                )
                stranded = await reassignment.mark_stranded(session, self._account_id, str(ended))
                log.error("%d new leads are left to other accounts, %d conversations wait", left, stranded)

    async def _beat(self) -> None:
        is_told = False
        while True:
            try:
                heartbeat.beat(self._settings.health_file, await self._report(), now=utc_now())
            except OSError as error:
                # A session in a setting needs no disk, and neither must this.
                if not is_told:
                    log.warning("no heartbeat can be left in TELEGRAM_SESSION_DIR (%s)", error.strerror)
                is_told = True
            await asyncio.sleep(heartbeat.BEAT_SECONDS)

    async def _report(self) -> heartbeat.Report:
        if self._account_id is None or self._state != "connected":
            return heartbeat.Report(self._state, trouble=self._model.trouble)
        state = "connected" if self._telegram.session.connected else "reconnecting"
        now = utc_now()
        try:
            async with self._database.reading() as session:
                backlog = await leases.load_backlog(session, self._account_id, now=now)
        except DATABASE_DOWN:
            return heartbeat.Report(state, trouble="the database is away")
        oldest = (now - backlog.due_since).total_seconds() if backlog.due_since else None
        return heartbeat.Report(state, oldest, backlog.outbox, backlog.inbox, self._model.trouble)
