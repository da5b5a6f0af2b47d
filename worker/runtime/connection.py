"""Waits for a usable session and connects to Telegram, retrying until both succeed."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from worker.accounts.flood_waits import FloodWaits
from worker.domain.backoff import backoff
from worker.domain.telegram_port import (
    Identity,
    RateLimitedError,
    SessionRevokedError,
    TelegramError,
    TelegramUnavailableError,
)
from worker.settings import TelegramSettings
from worker.telegram.adapter import TelegramAccount
from worker.telegram.session.client import read_signed_in_user

log = logging.getLogger(__name__)

RECONNECT_SECONDS = 1
# Key of the flood wait for the calls of a start: Telegram may limit these too.
CONNECTING = "connecting"


async def wait_for_signed_in_user(settings: TelegramSettings) -> int:
    """Return the signed-in user's id, once no other program (such as a login) uses the session file.

    Raises SessionRevokedError if no account is signed in.
    """
    while True:
        try:
            return read_signed_in_user(settings)
        except TelegramUnavailableError as error:
            log.warning("%s", error)
            await asyncio.sleep(RECONNECT_SECONDS)


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
            pause = backoff(attempt, base=1, maximum=60)
            log.warning("%s; trying again in %d s", error, pause.total_seconds())
            await asyncio.sleep(pause.total_seconds())
    try:
        yield identity
    finally:
        await telegram.session.close()
