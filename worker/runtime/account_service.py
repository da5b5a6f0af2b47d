"""Everything that works for one connected account: listener, dispatcher, notices, background rounds."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from worker.notifications.commands.command_replies import OwnerReplySender
from worker.queue.leases import WorkerId
from worker.queue.wakeups import Wakeups, listen, watch
from worker.runtime import periodic_jobs
from worker.runtime.process_parts import ProcessParts
from worker.runtime.supervision import keep_running, run_until_one_ends
from worker.runtime.watches.clock_repair import ClockRepair
from worker.runtime.watches.clock_watch import ClockWatch
from worker.runtime.watches.model_watch import ProviderRecorder, restore_providers
from worker.runtime.wiring import build_dispatcher, build_listener, build_owner_notifier
from worker.telegram.adapter import TelegramAccount

log = logging.getLogger(__name__)

Background = list[Coroutine[Any, Any, Any]]


class AccountService:
    """Serves one connection of an account: `restore`, then `run`; a lost connection needs a new service.

    `may_send`: returns False once the account lease may have expired.
    """

    def __init__(
        self,
        parts: ProcessParts,
        telegram: TelegramAccount,
        worker_id: WorkerId,
        clock_repair: ClockRepair,
        *,
        may_send: Callable[[], bool],
    ) -> None:
        self._parts = parts
        self._telegram = telegram
        self._worker_id = worker_id
        clock = parts.clock.now
        self._wakeups = Wakeups(clock, parts.settings.poll_interval_seconds)
        self._listener = build_listener(
            parts.settings,
            database=parts.database,
            worker_id=worker_id,
            telegram=telegram,
            clock=clock,
            wakeups=self._wakeups,
            on_name_changed=self._forget_person,
        )
        self._dispatcher = build_dispatcher(
            parts.settings,
            database=parts.database,
            worker_id=worker_id,
            telegram=telegram,
            assistant=parts.assistant,
            persona=parts.persona,
            clock=clock,
            wakeups=self._wakeups,
            may_send=may_send,
            on_late_delivery=self._listener.add_late_conversation,
        )
        self._clock_watch = ClockWatch(
            parts.database,
            lambda: telegram.session.clock.error,
            clock_repair.after_jump(worker_id, self._wakeups.wake),
            parts.clock,
        )
        self._notifier = build_owner_notifier(
            parts.settings,
            database=parts.database,
            account_id=worker_id.account_id,
            telegram=telegram,
            clock=clock,
            model_trouble=lambda: parts.model.pause_reason,
            machine_troubles=self.machine_troubles,
            check_storing=parts.write_check.raise_fault,
            may_send=may_send,
            last_alive=parts.take_last_alive(),
        )

    async def restore(self) -> None:
        """Load what the database knows of the model: which provider answers, and whether it is trusted."""
        await restore_providers(self._parts.model, self._parts.database)
        await self._parts.qualifier.restore()

    async def run(self, stop: asyncio.Event, renewing: asyncio.Task[None]) -> None:
        """Work until `stop`, a lost connection, or the end of `renewing`, which holds the account lease."""
        # One call at each start: it must not delay the leads.
        tidying = asyncio.create_task(self._tidy_contacts())
        background = [*self._messaging(), *self._watches(), *self._rounds(), stop.wait()]
        try:
            await run_until_one_ends(self._dispatcher, background, renewing)
        finally:
            tidying.cancel()
            await asyncio.gather(tidying, return_exceptions=True)

    def machine_troubles(self) -> dict[str, str]:
        """Return what is wrong with the machine, for the owner: by kind, `clock` and `disk`."""
        found = {"clock": self._clock_watch.trouble, "disk": self._parts.disk_trouble()}
        return {kind: trouble for kind, trouble in found.items() if trouble}

    def _messaging(self) -> Background:
        listener, telegram = self._listener, self._telegram
        replies = OwnerReplySender(
            self._parts.database,
            self._worker_id.account_id,
            telegram,
            self._parts.clock.now,
            listener.note_handled,
            owner_chat=self._notifier.owner if self._notifier is not None else None,
        )
        tasks: Background = [
            keep_running("listening", lambda: listener.run(telegram.arrivals)),
            keep_running("reading late conversations", listener.check_late_conversations),
            keep_running("looking for unknown senders", listener.check_unknown_senders),
            keep_running("catching up", lambda: listener.catch_up(telegram.session.reconnected)),
            keep_running("answering the owner", replies.run),
            telegram.session.watch(),
            self._receive_wakeups(),
        ]
        if self._notifier is not None:
            tasks.append(keep_running("notices to the owner", self._notifier.run))
        return tasks

    def _watches(self) -> Background:
        model, database = self._parts.model, self._parts.database
        recorder = ProviderRecorder(model, database, self._parts.clock.now)
        return [
            keep_running("trying the model's first provider", model.keep_trying),
            keep_running("storing the state of the model's providers", recorder.run),
            keep_running("testing the model", self._parts.qualifier.run),
            keep_running("watching the clock", self._clock_watch.run),
            keep_running("watching the settings' files", self._parts.files.run),
        ]

    def _rounds(self) -> Background:
        parts = self._parts
        return periodic_jobs.build(
            parts.settings, parts.database, self._worker_id.account_id, parts.persona, parts.clock.now
        )

    async def _forget_person(self, user_id: int) -> None:
        await self._dispatcher.dependencies.finder.forget(user_id)

    async def _tidy_contacts(self) -> None:
        if self._parts.settings.keep_contacts:
            return
        try:
            await self._dispatcher.dependencies.finder.remove_imported_contacts()
        except Exception:
            log.exception("imported contacts could not be removed from the address book")

    async def _receive_wakeups(self) -> None:
        database = self._parts.database
        if database.is_postgres:
            await listen(database, self._wakeups, direct=self._parts.settings.database_listen_url)
        else:
            await watch(database, self._wakeups)
