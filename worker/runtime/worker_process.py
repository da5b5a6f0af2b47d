"""Runs the worker's process: connects the account, serves its leads, stops; uses the real clock."""

import asyncio
import contextlib
import logging
import secrets
import signal
import time
from collections.abc import Coroutine
from typing import Any

from shared.clock import utc_now
from shared.database.checks.write_check import WriteCheck
from shared.database.engine import DATABASE_DOWN, Database, retry_while_database_down
from shared.database.faults.error_classes import classify
from worker.accounts.account_lease import AccountLease
from worker.accounts.flood_waits import FloodWaits
from worker.accounts.session_lock import session_lock
from worker.assistant.assistant import ModelAssistant
from worker.assistant.model_client.providers import build_model
from worker.assistant.trust import Trust
from worker.dialogue import persona
from worker.dispatch.dispatcher import Dispatcher
from worker.domain.telegram_port import Identity, SessionRevokedError
from worker.monitoring import disk_space, health_report, http_probe
from worker.notifications.commands.answers import OwnerReplySender
from worker.queue.backlog import load_backlog
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups, listen, watch
from worker.runtime import rounds
from worker.runtime.account_records import record_revoked_session, register_worker
from worker.runtime.connection import connected, reconnection_pause, wait_for_signed_in_user
from worker.runtime.qualifying import Qualifier
from worker.runtime.shutdown import end_in_time
from worker.runtime.supervision import keep_running, run_until_one_ends
from worker.runtime.watches.clock_watch import ClockWatch
from worker.runtime.watches.file_watch import FileWatch
from worker.runtime.watches.model_watch import ProviderRecorder, restore_providers
from worker.runtime.watches.moment_repair import MomentRepair
from worker.runtime.wiring import build_dispatcher, build_limits, build_listener, build_owner_notifier
from worker.settings import WorkerSettings
from worker.telegram.adapter import TelegramAccount

log = logging.getLogger(__name__)

DATABASE_PAUSE_SECONDS = 2


class Worker:
    """The worker of one Telegram account: `run` ends at SIGTERM or SIGINT, or when the session is revoked."""

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._state = "standby"
        self._stop = asyncio.Event()
        self._reconnecting = reconnection_pause()
        # Why the worker ends, for the log and the health check.
        self._ends_because = "it was stopped"
        self._database = Database(settings.database_url)
        self._write_check = WriteCheck(self._database)
        self._persona = persona.load(settings.assistant_config)
        self._model = build_model(
            settings, base=settings.retry_base_seconds, maximum=settings.retry_max_seconds
        )
        trust = Trust(settings.assistant_trust)
        self._assistant = ModelAssistant(settings, self._model, trust=trust)
        self._qualifier = Qualifier(settings, trust, self._database, utc_now)
        self._flood_waits = FloodWaits(self._database, utc_now)
        self._telegram = TelegramAccount(
            settings, gate=self._flood_waits, max_stars=settings.max_stars_per_message
        )
        self._account_id: int | None = None
        # Read before the first heartbeat of this process.
        self._last_alive = health_report.last_alive(settings.health_file)
        self._clock_watch: ClockWatch | None = None
        self._files = FileWatch(settings.files)
        self._folders = disk_space.folders_of(settings.telegram_session_dir, settings.database_url)
        self._moments = MomentRepair(settings, self._database, self._flood_waits, utc_now)

    async def run(self) -> None:
        """Run until stopped; raises SessionRevokedError if the owner has to sign the account in again."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._on_stop_signal, number)
        settings = self._settings
        async with http_probe.serve(settings.health_host, settings.health_port, self._report):
            beating = asyncio.create_task(
                health_report.write_forever(settings.health_file, self._report, utc_now)
            )
            try:
                await self._until_stopped(self._work())
            except BaseException as error:
                self._ends_because = str(error) or type(error).__name__
                raise
            finally:
                beating.cancel()
                health_report.write_end(settings.health_file, self._ends_because, now=utc_now())
                log.info("the worker ends: %s", self._ends_because)

    def _on_stop_signal(self, number: signal.Signals) -> None:
        self._ends_because = f"{number.name} was received"
        self._stop.set()
        end_in_time()

    async def _until_stopped(self, work: Coroutine[None, None, None]) -> None:
        """Run `work`. A stop lets connected work end by itself, and cancels work that only waits."""
        working = asyncio.create_task(work)
        stopping = asyncio.create_task(self._stop.wait())
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if not working.done() and self._state != "connected":
            working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working

    async def _work(self) -> None:
        try:
            async with session_lock(self._settings.locked_file) as holder:
                while not self._stop.is_set():
                    await self._run_account(await wait_for_signed_in_user(self._settings), holder)
        except SessionRevokedError as revoked:
            await self._record_revoked_session(revoked)
            raise
        finally:
            await self._model.close()
            await self._database.close()

    async def _run_account(self, user_id: int, holder: str) -> None:
        """Acquire the account lease, connect, and serve until the lease or the connection is lost."""
        self._state = "standby"
        lease = AccountLease(self._database, user_id, holder, self._settings.telegram_session_name, utc_now)
        await lease.acquire()
        self._account_id = lease.account_id
        self._state = "connecting"
        # Without a session file there is no lock: only the database shows another user of the session.
        stop_if_unconfirmed = self._settings.locked_file is None
        renewing = asyncio.create_task(lease.renew_forever(stop_if_unconfirmed=stop_if_unconfirmed))
        try:
            await retry_while_database_down(
                lambda: self._moments.load_waits(lease.account_id),
                pause=DATABASE_PAUSE_SECONDS,
                what="load the flood waits",
            )
            async with connected(self._telegram, self._flood_waits) as identity:
                await self._serve(identity, lease, renewing)
        finally:
            renewing.cancel()
            await lease.release()

    async def _serve(self, identity: Identity, lease: AccountLease, renewing: asyncio.Task[None]) -> None:
        """Work on leads until a stop, a lost connection or a lost account lease."""
        worker_id = await self._register(identity, lease.account_id)
        wakeups = Wakeups(utc_now, self._settings.poll_interval_seconds)

        async def forget_person(user_id: int) -> None:
            await dispatcher.dependencies.finder.forget(user_id)

        listener = build_listener(
            self._settings,
            database=self._database,
            worker_id=worker_id,
            telegram=self._telegram,
            clock=utc_now,
            wakeups=wakeups,
            on_name_changed=forget_person,
        )
        dispatcher = build_dispatcher(
            self._settings,
            database=self._database,
            worker_id=worker_id,
            telegram=self._telegram,
            assistant=self._assistant,
            persona=self._persona,
            clock=utc_now,
            wakeups=wakeups,
            may_send=lease.may_send,
            on_late_delivery=listener.add_late_conversation,
        )
        await restore_providers(self._model, self._database)
        await self._qualifier.restore()
        notifier = build_owner_notifier(
            self._settings,
            database=self._database,
            account_id=worker_id.account_id,
            telegram=self._telegram,
            clock=utc_now,
            model_trouble=lambda: self._model.pause_reason,
            machine_troubles=self._machine_troubles,
            check_storing=self._write_check.raise_fault,
            may_send=lease.may_send,
            last_alive=self._last_alive,
        )
        # Only the first connection after a start comes after an absence.
        self._last_alive = None
        replies = OwnerReplySender(
            self._database,
            worker_id.account_id,
            self._telegram,
            utc_now,
            listener.note_handled,
            owner_chat=notifier.owner if notifier is not None else None,
        )
        self._clock_watch = ClockWatch(
            self._database,
            lambda: self._telegram.session.clock.error,
            self._moments.after_jump(worker_id, wakeups.wake),
        )
        self._state = "connected"
        log.info(
            "ready as %s", f"@{identity.username}" if identity.username else "an account without username"
        )
        background: list[Coroutine[Any, Any, Any]] = [
            keep_running("listening", lambda: listener.run(self._telegram.arrivals)),
            keep_running("reading late conversations", listener.check_late_conversations),
            keep_running("looking for unknown senders", listener.check_unknown_senders),
            keep_running("catching up", lambda: listener.catch_up(self._telegram.session.reconnected)),
            keep_running("answering the owner", replies.run),
            keep_running("trying the model's first provider", self._model.keep_trying),
            keep_running(
                "storing the state of the model's providers",
                ProviderRecorder(self._model, self._database, utc_now).run,
            ),
            keep_running("testing the model", self._qualifier.run),
            keep_running("watching the clock", self._clock_watch.run),
            keep_running("watching the settings' files", self._files.run),
            *rounds.build(self._settings, self._database, worker_id.account_id, self._persona, utc_now),
            self._telegram.session.watch(),
            self._receive_wakeups(wakeups),
            self._stop.wait(),
        ]
        if notifier is not None:
            background.append(keep_running("notices to the owner", notifier.run))
        # One call at each start: it must not delay the leads.
        tidying = asyncio.create_task(self._tidy_contacts(dispatcher))
        began = time.monotonic()
        try:
            await run_until_one_ends(dispatcher, background, renewing)
        finally:
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)
        self._state = "connecting"
        if not self._stop.is_set():
            log.warning("reconnecting to Telegram")
            await asyncio.sleep(self._reconnecting.failed(time.monotonic() - began))

    async def _tidy_contacts(self, dispatcher: Dispatcher) -> None:
        if self._settings.keep_contacts:
            return
        try:
            await dispatcher.dependencies.finder.remove_imported_contacts()
        except Exception:
            log.exception("imported contacts could not be removed from the address book")

    async def _receive_wakeups(self, wakeups: Wakeups) -> None:
        if self._database.is_postgres:
            await listen(self._database, wakeups, direct=self._settings.database_listen_url)
        else:
            await watch(self._database, wakeups)

    async def _register(self, identity: Identity, account_id: int) -> WorkerId:
        worker_id = WorkerId(account_id, secrets.token_hex(4))

        async def register() -> None:
            async with self._database.writing() as session:
                limits = build_limits(self._settings)
                await register_worker(session, worker_id, identity.username, limits, now=utc_now())

        await retry_while_database_down(register, pause=DATABASE_PAUSE_SECONDS, what="register the account")
        return worker_id

    async def _record_revoked_session(self, revoked: SessionRevokedError) -> None:
        if self._account_id is None:
            return
        with contextlib.suppress(*DATABASE_DOWN):
            async with self._database.writing() as session:
                await record_revoked_session(session, self._account_id, revoked, now=utc_now())

    async def _report(self) -> health_report.Report:
        state = self._shown_state()
        if (fault := await self._write_check.fault()) is not None:
            return health_report.Report(state, trouble=fault.text)
        if self._account_id is None or self._state != "connected":
            return health_report.Report(state, trouble=self._model.trouble)
        now = utc_now()
        try:
            async with self._database.reading() as session:
                backlog = await load_backlog(session, self._account_id, now=now)
        except DATABASE_DOWN as error:
            return health_report.Report(state, trouble=classify(error).text)
        oldest = (now - backlog.due_since).total_seconds() if backlog.due_since else None
        trouble = self._model.trouble or next(iter(self._machine_troubles().values()), None)
        return health_report.Report(state, oldest, backlog.outbox, backlog.inbox, trouble)

    def _machine_troubles(self) -> dict[str, str]:
        clock = self._clock_watch.trouble if self._clock_watch else None
        disk = disk_space.find_nearly_full(self._folders)
        return {kind: trouble for kind, trouble in (("clock", clock), ("disk", disk)) if trouble}

    def _shown_state(self) -> str:
        is_lost = self._state == "connected" and not self._telegram.session.connected
        return "reconnecting" if is_lost else self._state
