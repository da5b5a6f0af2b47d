"""One session file, one process: the second worker on it waits until the first is gone."""

import asyncio
import fcntl
import logging
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TextIO

from shared.errors import ConfigError

log = logging.getLogger(__name__)

CHECK_SECONDS = 1


@asynccontextmanager
async def session_lock(
    session_file: Path | None, *, check_seconds: float = CHECK_SECONDS
) -> AsyncIterator[str]:
    """Hold the session for this process, waiting for as long as another one has it.

    Gives the session's own name, which stays with its folder: whoever has this lock may speak in that name.
    The lock is the kernel's: it goes with the process that holds it, however that ends.
    A session without a file has no lock: who speaks for the account is then the database's to say alone.
    Raises ConfigError for a folder that cannot be written to.
    """
    if session_file is None:
        yield secrets.token_hex(8)
        return
    try:
        lock = session_file.with_suffix(".lock").open("a+")
    except OSError:
        raise ConfigError(f"TELEGRAM_SESSION_DIR: {session_file.parent} cannot be written to") from None
    try:
        waiting = False
        while not _taken(lock.fileno()):
            if not waiting:
                log.warning("%s is in use by another worker: standing by", session_file)
            waiting = True
            await asyncio.sleep(check_seconds)
        yield _name(lock)
    finally:
        lock.close()


@contextmanager
def try_session_lock(session_file: Path) -> Iterator[bool]:
    """Hold the session as above if nobody has it, without waiting; gives whether that is so."""
    try:
        lock = session_file.with_suffix(".lock").open("a+")
    except OSError:
        # Where nothing can be written no worker runs.
        yield True
        return
    with lock:
        yield _taken(lock.fileno())


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _name(lock: TextIO) -> str:
    """The random name in the lock's file, made when it is first held."""
    lock.seek(0)
    name = lock.read().strip()
    if not name:
        name = secrets.token_hex(8)
        lock.write(name)
        lock.flush()
    return name
