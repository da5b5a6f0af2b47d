"""One account, one worker, wherever it runs: who speaks for a Telegram account says so in the database."""

import asyncio
import logging
import time
from datetime import timedelta

from shared.clock import Clock
from shared.database.engine import DATABASE_DOWN, Database
from worker.accounts import account_state

log = logging.getLogger(__name__)

# A worker that has not said so for this long has lost the account to whoever asks next.
TENURE = timedelta(seconds=30)
RENEW_SECONDS = 5
# Speaking ends so much earlier than the tenure, for what is on its way and for clocks that differ.
MARGIN_SECONDS = 10


class AccountLease:
    """`begin` it before connecting, `keep` it while connected, `end` it after."""

    def __init__(
        self, database: Database, user_id: int, holder: str, session_name: str, clock: Clock
    ) -> None:
        self._database = database
        self._user_id = user_id
        self._holder = holder
        self._session_name = session_name
        self._clock = clock
        self._confirmed_at = float("-inf")
        self.account_id = 0

    def may_send(self) -> bool:
        """Whether we may still speak: nobody else can have taken over yet."""
        return time.monotonic() - self._confirmed_at < TENURE.total_seconds() - MARGIN_SECONDS

    async def acquire(self) -> None:
        """Return when the account is ours, however long somebody else or a lost database makes it wait."""
        waiting = False
        while not await self._confirm():
            if not waiting:
                log.warning("the account is held by another worker, or the database is away: standing by")
            waiting = True
            await asyncio.sleep(1)

    async def renew_forever(self, *, needs_word: bool = False) -> None:
        """Return when somebody else has the account; a lost database alone ends nothing, but see `holds`.

        `needs_word`: also return once the database has not confirmed it for so long that it may be theirs.
        """
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                if not await self._ask():
                    log.error("another worker speaks for the account now")
                    return
            except DATABASE_DOWN:
                if needs_word and not self.may_send():
                    log.warning("the database has been away too long to be sure of the account")
                    return

    async def release(self) -> None:
        """Let the next one have it at once."""
        self._confirmed_at = float("-inf")
        try:
            async with self._database.writing() as session:
                await account_state.release(session, self.account_id, self._holder)
        except DATABASE_DOWN:
            log.warning("the account is let go when its time is over")

    async def _confirm(self) -> bool:
        try:
            return await self._ask()
        except DATABASE_DOWN as error:
            log.debug("the database does not answer: %r", error)
            return False

    async def _ask(self) -> bool:
        asked_at, now = time.monotonic(), self._clock()
        async with self._database.writing() as session:
            found = await account_state.acquire(
                session, self._user_id, self._holder, self._session_name, now=now, until=now + TENURE
            )
        if found is None:
            return False
        self.account_id, self._confirmed_at = found, asked_at
        return True
