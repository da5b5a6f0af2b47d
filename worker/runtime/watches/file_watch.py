"""Tells in the log when a file that the worker read at its start has changed: it is read at a start only."""

import asyncio
import logging
from collections.abc import Sequence
from pathlib import Path

log = logging.getLogger(__name__)

CHECK_SECONDS = 30


class FileWatch:
    """Compares files by size and time of change; a file that appears or vanishes has changed too."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._known = {file: _stamp(file) for file in files}

    async def run(self) -> None:
        """Check every `CHECK_SECONDS`, until cancelled."""
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            self.check()

    def check(self) -> None:
        """Log each file that has changed since the last check."""
        for file, known in self._known.items():
            if (now := _stamp(file)) != known:
                self._known[file] = now
                log.warning("%s has changed: restart the worker to use it", file)


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
