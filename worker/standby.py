"""One session, one process: the second worker on a session waits until the first is gone."""

import asyncio
import fcntl
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.errors import ConfigError

log = logging.getLogger(__name__)

CHECK_SECONDS = 1


@asynccontextmanager
async def sole_use(session_file: Path, *, check_seconds: float = CHECK_SECONDS) -> AsyncIterator[None]:
    """Hold the session for this process, waiting for as long as another one has it.

    The lock is the kernel's: it goes with the process that holds it, however that ends.
    Raises ConfigError for a folder that cannot be written to.
    """
    try:
        lock = session_file.with_suffix(".lock").open("w")
    except OSError:
        raise ConfigError(f"TELEGRAM_SESSION_DIR: {session_file.parent} cannot be written to") from None
    try:
        waiting = False
        while not _taken(lock.fileno()):
            if not waiting:
                log.warning("%s is in use by another worker: standing by", session_file)
            waiting = True
            await asyncio.sleep(check_seconds)
        yield
    finally:
        lock.close()


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
