"""Waits for a usable session and connects to Telegram, retrying until both succeed."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.backoff import GrowingPause, backoff
from worker.accounts.flood_waits import FloodWaits
from worker.domain.telegram_port import (
    Identity,
    RateLimitedError,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.settings import TelegramSettings
from worker.telegram.adapter import TelegramAccount
from worker.telegram.session.client import SessionFileError, read_signed_in_user

log = logging.getLogger(__name__)

# The first pause before another try, and the longest.
RECONNECT_SECONDS, MAX_RECONNECT_SECONDS = 1.0, 60.0
# The longest pause if the session file is the trouble: a login, which has it meanwhile, may end any moment.
FILE_PAUSE_SECONDS = 5.0
# One look in so many at an unusable session file is logged.
LOG_EVERY = 12
# Key of the flood wait for the calls of a start: Telegram may limit these too.
CONNECTING = "connecting"


def reconnection_pause() -> GrowingPause:
    """Return the pauses between connections that did not last."""
    return GrowingPause(base=RECONNECT_SECONDS, maximum=MAX_RECONNECT_SECONDS)


async def wait_for_signed_in_user(settings: TelegramSettings) -> int:
    """Return the signed-in user's id, once no other program (such as a login) uses the session file.

    Raises SessionRevokedError if no account is signed in.
    """
    logged, tries = "", 0
    pause = GrowingPause(base=RECONNECT_SECONDS, maximum=FILE_PAUSE_SECONDS)
    while True:
        try:
            return read_signed_in_user(settings)
        except TelegramUnavailableError as error:
            if str(error) != logged or tries % LOG_EVERY == 0:
                log.warning("%s", error)
            logged, tries = str(error), tries + 1
            await asyncio.sleep(pause.failed())


@asynccontextmanager
async def connected(telegram: TelegramAccount, flood_waits: FloodWaits) -> AsyncIterator[Identity]:
    """Connect, retrying until Telegram answers; yields the signed-in account, and disconnects at the end."""
    attempt = 0
    while True:
        try:
            if wait := flood_waits.remaining(CONNECTING):
                await asyncio.sleep(wait.total_seconds())
            identity = await telegram.session.open()
            break
        except RateLimitedError as error:
            await flood_waits.close(CONNECTING, error.wait, str(error))
        except SessionRevokedError:
            raise
        except TelegramError as error:
            # Whatever Telegram says, only a session that has ended needs its owner.
            attempt += 1
            # A file may be looked at more often than Telegram may be called.
            is_file = isinstance(error, SessionFileError)
            longest = FILE_PAUSE_SECONDS if is_file else MAX_RECONNECT_SECONDS
            pause = backoff(attempt, base=RECONNECT_SECONDS, maximum=longest)
            log.warning("%s; trying again in %d s", error, pause.total_seconds())
            await asyncio.sleep(pause.total_seconds())
    try:
        yield identity
    finally:
        await telegram.session.close()
