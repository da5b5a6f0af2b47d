"""Rounds for the calls of a start and of the recovery: many sessions at once, in real time."""

import asyncio
import contextlib
import time
from pathlib import Path

from sandbox import sessions
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account, AccountFields, PersonFields
from tests.chaos.sweep.failures import Failure
from tests.chaos.sweep.round import Result
from tests.support.waiting import patience_seconds, until_async
from worker.domain.telegram_port import SessionRevokedError
from worker.runtime.connection import connected
from worker.settings import TelegramSettings
from worker.telegram.adapter import TelegramAccount
from worker.telegram.session.session import Timeouts
from worker.telegram.transport.mtproto_session import MAX_REJECTIONS

FAILING_SECONDS = 2.0
# With the pauses of one second, and growing, that the worker makes.
MAX_CALLS = 6
TIMEOUTS = Timeouts(start=5, call=1, down=60, ping=3600, reconnect=0.5)


class NoFloodWaits:
    """A gate that shortens flood waits, so that a round does not take hours."""

    def remaining(self, method: str) -> None:
        """No method is ever held."""

    async def close(self, method: str, wait: object, reason: str) -> None:
        """Pause for a moment, as the worker does for longer."""
        del method, wait, reason
        await asyncio.sleep(0.5)


class SessionRound:
    """One session of its own account, under a failure of one method."""

    def __init__(self, server: Telegram, folder: Path, number: int, method: str, failure: Failure) -> None:
        self.server = server
        self.failure = failure
        self.result = Result(method, failure)
        self.account: Account = server.world.add_account(AccountFields(phone=f"+7999{number:07d}"))
        settings = TelegramSettings(
            telegram_api_id=1,
            telegram_api_hash="hash",
            telegram_session_dir=folder,
            telegram_session_name=f"sweep{number}",
        )
        sessions.ensure(server, settings.session_file, self.account.id)
        self.gate = NoFloodWaits()
        self.telegram = TelegramAccount(settings, TIMEOUTS, gate=self.gate)

    async def run(self) -> Result:
        """Run the round."""
        faults, method = self.server.faults, self.result.method
        details = {"code": self.failure.code, "message": self.failure.message}
        fault = faults.plan(self.failure.action, method, times=None, account=self.account.id, **details)
        working = asyncio.create_task(self._work())
        try:
            # On a busy machine the start takes longer than the failure lasts.
            await until_async(lambda: bool(fault.struck) or working.done(), "the first call")
            await asyncio.wait({working}, timeout=FAILING_SECONDS)
            self._count()
            faults.remove(fault.id)
            if self.failure.ends_session:
                await self._check_stopped(working)
            else:
                await self._check_working(working)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker would have ended
            self.result.broken.append(f"{type(error).__name__}: {error}")
        finally:
            faults.remove(fault.id)
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)
        return self.result

    async def _work(self) -> None:
        async with connected(self.telegram, self.gate):  # type: ignore[arg-type] - a gate for tests
            await self.telegram.session.watch()

    def _count(self) -> None:
        calls = self.server.calls.of(self.result.method, self.account.id)
        self.result.calls = len(calls)
        # In two seconds; later there are fewer.
        self.result.most_a_minute = len(calls)
        # A rejected message is corrected and sent again at once, twice.
        sends = MAX_REJECTIONS if self.failure.action == "reject" else 1
        if len(calls) > MAX_CALLS * sends:
            self.result.broken.append(f"{len(calls)} calls in {FAILING_SECONDS:g} s")

    async def _check_stopped(self, working: asyncio.Task[None]) -> None:
        await asyncio.wait({working}, timeout=patience_seconds(30))
        if not working.done() or not isinstance(working.exception(), SessionRevokedError):
            self.result.broken.append("the session has ended, and the worker goes on")

    async def _check_working(self, working: asyncio.Task[None]) -> None:
        """After the failure a message arrives, without a restart of the worker."""
        if working.done():
            working.result()
            self.result.broken.append("the worker stops")
            return
        began = time.monotonic()
        await until_async(lambda: self.telegram.session.connected, "a connection", 30)
        person = self.server.world.people.add(PersonFields(name="Анна"))
        self.server.world.write(person, self.account, "да")
        with contextlib.suppress(AssertionError):
            await until_async(lambda: not self.telegram.arrivals.empty(), "a message", 40)
        if self.telegram.arrivals.empty():
            self.result.broken.append(f"no message in {time.monotonic() - began:.0f} s")
