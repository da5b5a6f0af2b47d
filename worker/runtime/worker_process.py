"""Runs the worker's process: standby, connecting, serving the account, stopping; uses the real clock."""

import asyncio
import contextlib
import logging
import secrets
import signal
import time
from collections.abc import Coroutine

from shared.database.engine import DATABASE_DOWN, retry_while_database_down
from shared.database.faults.error_classes import classify
from worker.accounts.account_lease import AccountLease
from worker.accounts.flood_waits import FloodWaits
from worker.accounts.session_lock import session_lock
from worker.domain.telegram_port import Identity, SessionRevokedError
from worker.follow_ups.legacy_backfill import adopt_requests
from worker.monitoring import health_report, http_probe
from worker.queue.backlog import load_backlog
from worker.queue.leases import WorkerId
from worker.runtime.account_records import record_revoked_session, register_worker
from worker.runtime.account_service import AccountService
from worker.runtime.connection import connected, reconnection_pause, wait_for_signed_in_user
from worker.runtime.process_parts import ProcessParts
from worker.runtime.shutdown import end_in_time
from worker.runtime.watches.clock_repair import ClockRepair
from worker.runtime.wiring import build_limits
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
        self._parts = ProcessParts(settings)
        self._database = self._parts.database
        self._flood_waits = FloodWaits(self._database, self._parts.clock.now)
        self._telegram = TelegramAccount(
            settings, gate=self._flood_waits, max_stars=settings.max_stars_per_message
        )
        self._clock_repair = ClockRepair(settings, self._database, self._flood_waits, self._parts.clock.now)
        self._account_id: int | None = None
        self._service: AccountService | None = None

    async def run(self) -> None:
        """Run until stopped; raises SessionRevokedError if the owner has to sign the account in again."""
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._on_stop_signal, number)
        settings = self._settings
        async with http_probe.serve(settings.health_host, settings.health_port, self._report):
            beating = asyncio.create_task(
                health_report.write_forever(settings.health_file, self._report, self._parts.clock.now)
            )
            try:
                await self._until_stopped(self._work())
            except BaseException as error:
                self._ends_because = str(error) or type(error).__name__
                raise
            finally:
                beating.cancel()
                health_report.write_end(settings.health_file, self._ends_because, now=self._parts.clock.now())
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
            await self._parts.close()

    async def _run_account(self, user_id: int, holder: str) -> None:
        """Acquire the account lease, connect, and serve until the lease or the connection is lost."""
        self._state = "standby"
        lease = AccountLease(
            self._database, user_id, holder, self._settings.telegram_session_name, self._parts.clock.now
        )
        await lease.acquire()
        self._account_id = lease.account_id
        self._state = "connecting"
        # Without a session file there is no lock: only the database shows another user of the session.
        stop_if_unconfirmed = self._settings.locked_file is None
        renewing = asyncio.create_task(lease.renew_forever(stop_if_unconfirmed=stop_if_unconfirmed))
        try:
            await retry_while_database_down(
                lambda: self._clock_repair.load_waits(lease.account_id),
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
        service = AccountService(
            self._parts, self._telegram, worker_id, self._clock_repair, may_send=lease.may_send
        )
        await service.restore()
        self._service = service
        self._state = "connected"
        log.info(
            "ready as %s", f"@{identity.username}" if identity.username else "an account without username"
        )
        began = time.monotonic()
        await service.run(self._stop, renewing)
        self._state = "connecting"
        if not self._stop.is_set():
            log.warning("reconnecting to Telegram")
            await asyncio.sleep(self._reconnecting.failed(time.monotonic() - began))

    async def _register(self, identity: Identity, account_id: int) -> WorkerId:
        worker_id = WorkerId(account_id, secrets.token_hex(4))

        async def register() -> None:
            async with self._database.writing() as session:
                limits = build_limits(self._settings)
                await register_worker(
                    session, worker_id, identity.username, limits, now=self._parts.clock.now()
                )
                await adopt_requests(session, account_id)

        await retry_while_database_down(register, pause=DATABASE_PAUSE_SECONDS, what="register the account")
        return worker_id

    async def _record_revoked_session(self, revoked: SessionRevokedError) -> None:
        if self._account_id is None:
            return
        with contextlib.suppress(*DATABASE_DOWN):
            async with self._database.writing() as session:
                await record_revoked_session(session, self._account_id, revoked, now=self._parts.clock.now())

    async def _report(self) -> health_report.Report:
        state, model = self._shown_state(), self._parts.model
        if (fault := await self._parts.write_check.fault()) is not None:
            return health_report.Report(state, trouble=fault.text)
        if self._account_id is None or self._service is None or self._state != "connected":
            return health_report.Report(state, trouble=model.trouble)
        now = self._parts.clock.now()
        try:
            async with self._database.reading() as session:
                backlog = await load_backlog(session, self._account_id, now=now)
        except DATABASE_DOWN as error:
            return health_report.Report(state, trouble=classify(error).text)
        oldest = (now - backlog.due_since).total_seconds() if backlog.due_since else None
        trouble = model.trouble or next(iter(self._service.machine_troubles().values()), None)
        return health_report.Report(state, oldest, backlog.outbox, backlog.inbox, trouble)

    def _shown_state(self) -> str:
        is_lost = self._state == "connected" and not self._telegram.session.connected
        return "reconnecting" if is_lost else self._state
