"""Watches the machine's clock: repairs what a wrong one has stored, and tells how far it is off."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from shared.database.checks.clock_check import MAX_CLOCK_ERROR_SECONDS, clock_error, describe_clock_error
from shared.database.engine import DATABASE_DOWN, Database
from worker.domain.clock_jumps import ClockJumps

log = logging.getLogger(__name__)

CHECK_SECONDS = 5
# The clocks of the database and of Telegram are looked at once in so many checks.
COMPARE_EVERY = 12
# After the clock was set back, the repair is repeated after so many checks: a step that began before, by the
# wrong clock, stores its moments later.
REPEAT_AFTER = (3, 12)


class ClockWatch:
    """Call `run` while the worker is connected; `trouble` is for the owner.

    `telegram_error`: by how many seconds the machine is ahead of Telegram. `on_jump`: repairs what is stored
    after the clock was set; its argument is the jump in seconds, negative: back.
    """

    def __init__(
        self,
        database: Database,
        telegram_error: Callable[[], float],
        on_jump: Callable[[float], Awaitable[None]],
        jumps: ClockJumps,
    ) -> None:
        self._database = database
        self._telegram_error = telegram_error
        self._on_jump = on_jump
        self._jumps = jumps
        self._pending = 0.0
        # The last jump back, and the checks since.
        self._back, self._checks_since = 0.0, 0
        # With the database, at the last look.
        self._agrees = True
        self.trouble: str | None = None

    async def run(self) -> None:
        """Check now and every `CHECK_SECONDS`, until cancelled."""
        checks = 0
        while True:
            await self.check(compares=checks % COMPARE_EVERY == 0)
            checks += 1
            await asyncio.sleep(CHECK_SECONDS)

    async def check(self, *, compares: bool = True) -> None:
        """Look at the clocks once; `compares`: also at those of Telegram and of the database."""
        if jump := self._jumps.check():
            log.warning("this machine's clock was set %s by %d s", "on" if jump > 0 else "back", abs(jump))
            # Back counts even if it was set on before: moments may have been stored in between.
            self._pending = min(jump, self._pending) if self._pending else jump
            if jump < 0:
                self._back, self._checks_since = jump, 0
        elif self._back:
            self._checks_since += 1
            if self._checks_since in REPEAT_AFTER:
                self._pending = self._back
        try:
            if self._pending:
                await self._on_jump(self._pending)
                self._pending = 0.0
                compares = True
            if compares:
                self.trouble = await self._find_trouble()
        except DATABASE_DOWN:
            # Told elsewhere; the next check repeats the repair.
            return

    async def _find_trouble(self) -> str | None:
        # The connection to Telegram logs its difference itself.
        trouble = self._describe(self._telegram_error(), "Telegram")
        of_database = self._describe(await clock_error(self._database), "the database")
        if self._agrees != (of_database is None):
            self._agrees = of_database is None
            log.warning("%s", of_database or "this machine's clock agrees with the database's again")
        return trouble or of_database

    @staticmethod
    def _describe(error: float, other: str) -> str | None:
        return None if abs(error) < MAX_CLOCK_ERROR_SECONDS else describe_clock_error(error, other)
