"""Session lock: one process per session file; a second worker waits until the first has ended."""

import asyncio
import fcntl
import logging
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TextIO

from shared.errors import ConfigError
from shared.localized_messages import sentence

log = logging.getLogger(__name__)

CHECK_SECONDS = 1


@asynccontextmanager
async def session_lock(
    session_file: Path | None, *, check_seconds: float = CHECK_SECONDS
) -> AsyncIterator[str]:
    """Hold the lock of a session for this process; waits while another process has it.

    Yields the holder's name for the account lease. The name is stored in the lock file, so that the next
    process with this lock can take over the account lease at once.
    The kernel releases the lock when its process ends, even if that process is killed.
    A session without a file has no lock: only the account lease in the database protects it.
    Raises ConfigError for a folder that cannot be written to.
    """
    if session_file is None:
        yield secrets.token_hex(8)
        return
    try:
        lock = session_file.with_suffix(".lock").open("a+")
    except OSError as error:
        text = "TELEGRAM_SESSION_DIR: {folder} cannot be written to: {why}"
        raise ConfigError(sentence(text, folder=str(session_file.parent), why=error.strerror)) from None
    try:
        waiting = False
        while not _try_lock(lock.fileno()):
            if not waiting:
                log.warning("%s is in use by another worker: standing by", session_file)
            waiting = True
            await asyncio.sleep(check_seconds)
        yield _holder_name(lock)
    finally:
        lock.close()


@contextmanager
def try_session_lock(session_file: Path) -> Iterator[bool]:
    """Try to hold the lock of a session without waiting; yields True if that succeeded."""
    try:
        lock = session_file.with_suffix(".lock").open("a+")
    except OSError:
        # No worker can run in a folder that cannot be written to.
        yield True
        return
    with lock:
        yield _try_lock(lock.fileno())


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder_name(lock: TextIO) -> str:
    """Return the random name in the lock file; writes one if the file is empty."""
    lock.seek(0)
    name = lock.read().strip()
    if not name:
        name = secrets.token_hex(8)
        try:
            os.write(lock.fileno(), name.encode())
        except OSError as error:
            # The next process has another name, and waits until the account lease has ended.
            log.warning("%s cannot be written: %s", lock.name, error.strerror)
    return name
